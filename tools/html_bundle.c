#include "html_bundle.h"

#ifdef VMATLAS_PAGE

#include <string.h>

/* A file as it is: a literal of its size is more than compilers promise to take. */
__asm__(".pushsection .rodata\n"
	"html_page: .incbin \"" VMATLAS_PAGE "\"\n"
	"html_page_end: .byte 0\n"
	".popsection\n");

extern const char html_page[], html_page_end[];

bool html_bundle_get(struct html_bundle *bundle)
{
	static const char mark[] = "<!--vmatlas data-->";
	const size_t length = (size_t)(html_page_end - html_page);
	const char *at = memmem(html_page, length, mark, strlen(mark));

	if (!at)
		return false;
	bundle->head = html_page;
	bundle->head_length = (size_t)(at - html_page);
	bundle->tail = at + strlen(mark);
	bundle->tail_length = (size_t)(html_page_end - bundle->tail);
	return true;
}

#else

bool html_bundle_get(struct html_bundle *bundle)
{
	(void)bundle;
	return false;
}

#endif
