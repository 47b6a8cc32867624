/* top_draw.h - a page of `vmatlas top` on the screen. */
#ifndef VMATLAS_TOP_DRAW_H
#define VMATLAS_TOP_DRAW_H

#include "top_page.h"

void top_draw(struct top_page *page);

#endif
