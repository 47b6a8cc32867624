// A program that replaces operator new and delete: by malloc, and by a pool of its own.
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "hostile.h"

alignas(16) static char pool[8 << 20];
static std::size_t used;
static bool is_pooled(void *block) { return block >= pool && block < pool + sizeof pool; }

void *operator new(std::size_t size)
{
	if (size % 3 == 0 && used + size + 16 < sizeof pool) {
		void *block = pool + used;
		used += (size + 15) & ~std::size_t(15);
		return block;
	}
	if (void *block = std::malloc(size))
		return block;
	throw std::bad_alloc();
}
void operator delete(void *block) noexcept
{
	if (!is_pooled(block))
		std::free(block);
}
void operator delete(void *block, std::size_t) noexcept { operator delete(block); }

int main()
{
	std::vector<std::string> list;

	for (int i = 0; i < 5000; i++) {
		list.push_back(std::string(std::size_t(i % 200), 'z'));
		if (i % 1000 == 0)
			ask();
	}
	list.clear();
	list.shrink_to_fit();
	ask();
	tell("%zu of the pool", used);
}
