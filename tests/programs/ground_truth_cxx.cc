/* Allocates by every form of operator new at known call sites, frees some by every form of delete,
 * tells what lives, and asks for one dump. Each block must be in the report exactly once.
 */
#include <new>
#include <string>
#include <vector>

#include "truth.h"

struct alignas(64) wide {
	char bytes[192];
};

SITE(site_new, "block", size, (size_t size), ::operator new(size))
SITE(site_new_array, "block", size, (size_t size), ::operator new[](size))
SITE(site_new_nothrow, "block", size, (size_t size), ::operator new(size, std::nothrow))
SITE(site_new_array_nothrow, "block", size, (size_t size), ::operator new[](size, std::nothrow))
SITE(site_new_aligned, "block", size, (size_t size), ::operator new(size, std::align_val_t(128)))
SITE(site_new_array_aligned, "block", size, (size_t size),
     ::operator new[](size, std::align_val_t(4096)))
SITE(site_new_wide, "block", sizeof(wide), (), new wide)
SITE(site_new_int, "block", sizeof(int), (), new int(7))
SITE(site_new_ints, "block", count * sizeof(int), (size_t count), new int[count])

static void *forget(void *block)
{
	truth_forget(block);
	return block;
}

static void make_all(size_t size)
{
	site_new(size);
	site_new_array(size);
	site_new_nothrow(size);
	site_new_array_nothrow(size);
	site_new_wide();
	site_new_int();
	site_new_ints(size);
	/* libstdc++ rounds an aligned request up to its alignment: ask for a multiple. */
	site_new_aligned(size * 128);
	site_new_array_aligned(size * 4096);
}

/* One of each that dies by the delete that belongs to it. */
static void delete_all(size_t size)
{
	::operator delete(forget(site_new(size)));
	::operator delete(forget(site_new(size)), size);
	::operator delete[](forget(site_new_array(size)));
	::operator delete[](forget(site_new_array(size)), size);
	::operator delete(forget(site_new_nothrow(size)), std::nothrow);
	::operator delete[](forget(site_new_array_nothrow(size)), std::nothrow);
	::operator delete(forget(site_new_aligned(size * 128)), std::align_val_t(128));
	::operator delete[](forget(site_new_array_aligned(size * 4096)), std::align_val_t(4096));
	delete static_cast<wide *>(forget(site_new_wide()));
	delete[] static_cast<int *>(forget(site_new_ints(size)));
}

static void use_containers()
{
	std::vector<std::string> words;

	for (int i = 0; i < 1000; i++)
		words.push_back(std::string(100, static_cast<char>('a' + i % 26)));
}

int main()
{
	for (size_t size = 1; size < 3000; size = size * 3 + 1) {
		make_all(size);
		delete_all(size);
	}
	use_containers();
	truth_dump();
	_exit(0);
}
