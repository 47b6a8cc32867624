/* A C++ program that throws for some seconds, in threads, through code that allocates, out of
 * constructors, and past bad_alloc. Its argument is the number of rounds.
 */
#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tell.h"

struct fragile {
	std::vector<std::string> parts;

	explicit fragile(int size)
	{
		for (int i = 0; i < size; i++)
			parts.push_back(std::string(100, 'x'));
		throw std::out_of_range("fragile " + std::to_string(size));
	}
};

static std::size_t throw_from_constructor(int size)
{
	try {
		std::unique_ptr<fragile> made(new fragile(size));
		return 0;
	} catch (const std::out_of_range &error) {
		return std::string(error.what()).size();
	}
}

static std::size_t throw_and_rethrow(int depth)
{
	std::map<int, std::string> local{ { depth, std::string(300, 'm') } };

	try {
		if (depth == 0)
			throw std::string(1000, 'd');
		return throw_and_rethrow(depth - 1);
	} catch (std::string &text) {
		text += local[depth].substr(0, 1);
		throw;
	}
}

static std::size_t throw_bad_alloc()
{
	try {
		volatile std::size_t huge = SIZE_MAX / 4;
		delete[] new char[huge];
		return 0;
	} catch (const std::bad_alloc &) {
		return 1;
	}
}

static std::size_t throw_across_threads()
{
	std::exception_ptr kept;

	std::thread other([&] {
		try {
			throw std::runtime_error(std::string(500, 'e'));
		} catch (...) {
			kept = std::current_exception();
		}
	});
	other.join();
	try {
		std::rethrow_exception(kept);
	} catch (const std::runtime_error &error) {
		return std::string(error.what()).size();
	}
}

static std::size_t run_round(int round)
{
	std::size_t sum = throw_from_constructor(round % 50) + throw_bad_alloc();

	try {
		throw_and_rethrow(round % 30);
	} catch (const std::string &text) {
		sum += text.size();
	}
	return sum + throw_across_threads();
}

static std::size_t run_rounds(int rounds)
{
	std::size_t sum = 0;

	for (int round = 0; round < rounds; round++)
		sum += run_round(round);
	return sum;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 100;
	std::size_t sums[3] = { 0, 0, 0 };
	std::vector<std::thread> threads;

	for (int i = 0; i < 3; i++)
		threads.emplace_back([&sums, i, rounds] { sums[i] = run_rounds(rounds + i); });
	for (auto &thread : threads)
		thread.join();
	tell("sums %zu %zu %zu", sums[0], sums[1], sums[2]);
	if (argc > 2)
		throw std::runtime_error("uncaught");
	return static_cast<int>(sums[0] % 100);
}
