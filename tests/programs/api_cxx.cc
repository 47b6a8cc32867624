/* vmatlas.h from C++: a phase for as long as an object lives, and what its memory is. */
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "vmatlas.h"

namespace
{

class Phase
{
      public:
	explicit Phase(const char *name) : error_(vmatlas_phase(name))
	{
	}
	~Phase()
	{
		vmatlas_phase("end");
	}
	int error() const
	{
		return error_;
	}

      private:
	int error_;
};

void describe(const char *what, const void *address)
{
	vmatlas_description description = {};
	description.size = sizeof description;
	const int error = vmatlas_describe(address, &description);

	std::printf("%s: %s, %s, block of %zu\n", what, error ? strerrorname_np(error) : "0",
		description.mapping_kind, description.block_size);
}

} // namespace

int main()
{
	std::vector<int> numbers(1000, 7);
	const Phase phase("numbers");
	auto text = std::make_unique<char[]>(123);

	std::printf("phase: %s\n", phase.error() ? strerrorname_np(phase.error()) : "0");
	describe("vector", &numbers[500]);
	describe("unique_ptr", text.get() + 122);
	describe("function", reinterpret_cast<const void *>(&main));
	const int error = vmatlas_dump("from C++");
	std::printf("dump: %s\n", error ? strerrorname_np(error) : "0");
}
