/* maps_picture.h - the address space as a picture. */
#ifndef VMATLAS_MAPS_PICTURE_H
#define VMATLAS_MAPS_PICTURE_H

#include "maps_view.h"

/* How wide it may be, and of what signs. */
struct maps_paper {
	unsigned columns; /* 0: names are not cut */
	bool ascii;
	bool downwards; /* rows come from high addresses to low ones */
};

/* Each mapping on a line, in order of addresses, with a bar for its size and for what of it is
 * resident; below it, where it is several things, a line for each; what lies between is one line,
 * however large, with its size. Each line begins with the address where what it shows begins. Below
 * stand the totals and what the signs mean. Errors are those of the view's text. */
void maps_picture(const struct maps_view *view, const struct maps_paper *paper);

#endif
