// A server with threads: each takes requests from a queue, keeps sessions of strings and maps, and
// drops old ones; when all is done it waits, so that it can be looked at.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <unistd.h>

namespace {

struct Session {
	std::map<std::string, std::string> values;
	std::vector<double> history;
};

class Queue {
public:
	void put(int request)
	{
		std::lock_guard<std::mutex> lock(mutex);
		requests.push_back(request);
		ready.notify_one();
	}

	int take()
	{
		std::unique_lock<std::mutex> lock(mutex);
		ready.wait(lock, [this] { return !requests.empty(); });
		int request = requests.front();
		requests.pop_front();
		return request;
	}

private:
	std::mutex mutex;
	std::condition_variable ready;
	std::deque<int> requests;
};

constexpr int kThreads = 16, kRequests = 200000, kSessions = 500, kStop = -1;

Queue queue;
std::mutex finished_lock;
int finished;

void serve(std::unordered_map<int, std::unique_ptr<Session>> &sessions)
{
	for (int request = queue.take(); request != kStop; request = queue.take()) {
		auto &session = sessions[request % kSessions];
		if (!session || session->history.size() > 50)
			session = std::make_unique<Session>();
		session->values["key" + std::to_string(request % 37)] = std::string(request % 400, 'x');
		session->history.push_back(request);
	}
}

// What a thread holds stays its own until the process ends.
void work()
{
	std::unordered_map<int, std::unique_ptr<Session>> sessions;
	serve(sessions);
	{
		std::lock_guard<std::mutex> lock(finished_lock);
		finished++;
	}
	for (;;)
		pause();
}

} // namespace

int main()
{
	std::vector<std::thread> threads;
	for (int i = 0; i < kThreads; i++)
		threads.emplace_back(work);
	for (int i = 0; i < kRequests; i++)
		queue.put(i);
	for (int i = 0; i < kThreads; i++)
		queue.put(kStop);
	for (;;) {
		std::lock_guard<std::mutex> lock(finished_lock);
		if (finished == kThreads)
			break;
	}
	std::puts("idle");
	std::fflush(stdout);
	pause();
	_exit(0);
}
