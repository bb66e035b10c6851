dist_pkgdata_DATA += conf/litellm-cost-routing.yaml
dist_pkgdata_DATA += conf/lighttpd.conf.in
dist_pkgdata_DATA += conf/model-prices.tsv
dist_pkgdata_DATA += conf/codex-routing-policy.yaml
