// Every form of new and delete, once each, and blocks of a size that nobody else asks for.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "hostile.h"

constexpr std::size_t MARK = 7024; // a multiple of 16: libstdc++ rounds what is aligned
static std::vector<void *> kept;

struct alignas(256) Wide {
	char bytes[7168];
};
struct Thrower {
	char bytes[MARK];
	Thrower() { throw 1; }
};

static void keep(void *block)
{
	must(block != nullptr);
	kept.push_back(block);
}

static void make_all()
{
	keep(::operator new(MARK));
	keep(::operator new(MARK, std::nothrow));
	keep(::operator new[](MARK));
	keep(::operator new[](MARK, std::nothrow));
	keep(new char[MARK]);
	keep(::operator new(MARK, std::align_val_t(16)));
	keep(::operator new[](MARK, std::align_val_t(16)));
}

static void free_all()
{
	::operator delete(kept[0]);
	::operator delete(kept[1], std::nothrow);
	::operator delete[](kept[2]);
	::operator delete[](kept[3], MARK);
	delete[] static_cast<char *>(kept[4]);
	::operator delete(kept[5], std::align_val_t(16));
	::operator delete[](kept[6], MARK, std::align_val_t(16));
}

static void refused()
{
	volatile std::size_t huge = PTRDIFF_MAX - 5000;

	try {
		::operator new(huge);
		tell("no exception");
	} catch (const std::bad_alloc &) {
		tell("bad_alloc");
	}
	tell("nothrow: %d", ::operator new(huge, std::nothrow) == nullptr);
	try {
		new Thrower;
	} catch (int) {
		tell("constructor threw");
	}
	std::set_new_handler([] {
		ask();
		std::set_new_handler(nullptr);
	});
	tell("handler, then nothing: %d", ::operator new(huge, std::nothrow) == nullptr);
}

static thread_local std::unique_ptr<std::string> of_thread;
static std::shared_ptr<std::vector<std::string>> of_program =
	std::make_shared<std::vector<std::string>>(100, "a string that is longer than most others");

static void in_thread()
{
	of_thread = std::make_unique<std::string>(std::string(3000, 'x'));
	std::unique_ptr<Wide> wide(new Wide);
	must(reinterpret_cast<std::uintptr_t>(wide.get()) % 256 == 0);
}

int main(int argc, char **argv)
{
	make_all();
	for (int i = 0; i < 20; i++)
		std::thread(in_thread).join();
	refused();
	for (int i = 0; i < 2000; i++)
		of_program->push_back(std::string(std::size_t(i), 'y'));
	ask();
	free_all();
	ask();
	tell("done, %s", argc > 1 ? argv[1] : "");
}
