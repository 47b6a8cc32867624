// A server of 300 threads that does its work well, but for three things: what it logs it keeps, a tag
// that it keeps pins the buffer beside it, and memory that it mapped at its start is forgotten. Says
// "ready" when it stands still, and goes on for another round with each line of its input.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr int kThreads = 300, kRequests = 20;
constexpr size_t kCacheEntries = 6000, kEntry = 4000, kScratch = 40u << 20;
constexpr size_t kLine = 250, kTag = 40, kBuffer = 3500, kBuffers = 30;

std::map<int, std::string> cache;
std::vector<char *> access_log[kThreads];
std::vector<char *> tags[kThreads], buffers[kThreads];
char *scratch;

// What a cache is for.
__attribute__((noinline)) void fill_cache()
{
	for (size_t i = 0; i < kCacheEntries; i++)
		cache[(int)i] = std::string(kEntry, 'c');
}

// The leak.
__attribute__((noinline)) void log_access(int thread)
{
	char *line = static_cast<char *>(std::malloc(kLine));

	std::memset(line, 'l', kLine);
	access_log[thread].push_back(line);
}

// The culprit: small, and between what is freed.
__attribute__((noinline)) char *keep_tag()
{
	char *tag = static_cast<char *>(std::malloc(kTag));

	std::memset(tag, 't', kTag);
	return tag;
}

__attribute__((noinline)) void warm_up(int thread)
{
	for (size_t i = 0; i < kBuffers; i++) {
		buffers[thread].push_back(static_cast<char *>(std::malloc(kBuffer)));
		std::memset(buffers[thread].back(), 'b', kBuffer);
		tags[thread].push_back(keep_tag());
	}
}

// When all have theirs, so that nobody takes what another has freed.
__attribute__((noinline)) void cool_down(int thread)
{
	for (char *buffer : buffers[thread])
		std::free(buffer);
	buffers[thread].clear();
}

// The forgotten one.
__attribute__((noinline)) void map_scratch()
{
	scratch = static_cast<char *>(mmap(nullptr, kScratch, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	std::memset(scratch, 's', kScratch);
}

__attribute__((noinline)) void handle_request(int thread, int request)
{
	std::map<std::string, std::string> session;

	for (int i = 0; i < 8; i++)
		session["key" + std::to_string(i)] = std::string((size_t)(request * 37 % 300), 'v');
	log_access(thread);
}

std::mutex mutex;
std::condition_variable changed;
int round_now, done;

void serve(int thread)
{
	for (int round = 1;; round++) {
		{
			std::unique_lock<std::mutex> lock(mutex);
			changed.wait(lock, [round] { return round_now >= round; });
		}
		if (round == 1)
			warm_up(thread);
		else
			cool_down(thread);
		for (int request = 0; request < kRequests && round > 1; request++)
			handle_request(thread, request);
		std::lock_guard<std::mutex> lock(mutex);
		if (++done == kThreads)
			changed.notify_all();
	}
}

void run_round()
{
	std::unique_lock<std::mutex> lock(mutex);

	done = 0;
	round_now++;
	changed.notify_all();
	changed.wait(lock, [] { return done == kThreads; });
}

} // namespace

int main()
{
	std::vector<std::thread> threads;

	map_scratch();
	fill_cache();
	for (int i = 0; i < kThreads; i++)
		threads.emplace_back(serve, i);
	run_round();
	do {
		run_round();
		std::puts("ready");
		std::fflush(stdout);
	} while (std::getchar() != EOF);
	_exit(0);
}
