wwwdir = $(pkgdatadir)/www
dist_www_DATA = \
	www/app.js \
	www/favicon.svg \
	www/page.html \
	www/style.css
# What lighttpd itself answers in, by status; JSON whatever their names say, for lighttpd allows no other ending.
dist_www_DATA += \
	www/error-400.html \
	www/error-403.html \
	www/error-405.html \
	www/error-411.html \
	www/error-413.html \
	www/error-431.html \
	www/error-500.html \
	www/error-501.html \
	www/error-503.html
