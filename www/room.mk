wwwdir = $(pkgdatadir)/www
dist_www_DATA = \
	www/app.js \
	www/conversation.html \
	www/favicon.svg \
	www/head.js \
	www/live.html \
	www/live.js \
	www/page.html \
	www/style.css \
	www/usage.html \
	www/usage.js
# lighttpd's own answers, by status. Their content is JSON; lighttpd prescribes the suffix .html.
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
