internal import HTTPServer

/// The dashboard: a page at `/`, with scripts and styles under `/dashboard/`. They hold no data, so they need no token; the page
/// asks for one when its calls need it.
struct DashboardRoutes: Sendable {
    static let page = DashboardFile("index.html", "text/html; charset=utf-8", PackageResources.index_html)

    /// The files that the page loads. Others are not served.
    static let files: [DashboardFile] = {
        let script: StaticString = "text/javascript; charset=utf-8"
        let style: StaticString = "text/css; charset=utf-8"
        return [
            DashboardFile("icon.svg", "image/svg+xml", PackageResources.icon_svg),
            DashboardFile("theme.css", style, PackageResources.theme_css),
            DashboardFile("layout.css", style, PackageResources.layout_css),
            DashboardFile("panels.css", style, PackageResources.panels_css),
            DashboardFile("confusion.css", style, PackageResources.confusion_css),
            DashboardFile("trial.css", style, PackageResources.trial_css),
            DashboardFile("api.js", script, PackageResources.api_js),
            DashboardFile("axes.js", script, PackageResources.axes_js),
            DashboardFile("balance.js", script, PackageResources.balance_js),
            DashboardFile("chart-axes.js", script, PackageResources.chart_axes_js),
            DashboardFile("class-names.js", script, PackageResources.class_names_js),
            DashboardFile("classes.js", script, PackageResources.classes_js),
            DashboardFile("confusion.js", script, PackageResources.confusion_js),
            DashboardFile("dom.js", script, PackageResources.dom_js),
            DashboardFile("events.js", script, PackageResources.events_js),
            DashboardFile("feed.js", script, PackageResources.feed_js),
            DashboardFile("figures.js", script, PackageResources.figures_js),
            DashboardFile("format.js", script, PackageResources.format_js),
            DashboardFile("line-chart.js", script, PackageResources.line_chart_js),
            DashboardFile("load.js", script, PackageResources.load_js),
            DashboardFile("main.js", script, PackageResources.main_js),
            DashboardFile("metrics.js", script, PackageResources.metrics_js),
            DashboardFile("model-list.js", script, PackageResources.model_list_js),
            DashboardFile("new-classes.js", script, PackageResources.new_classes_js),
            DashboardFile("recent.js", script, PackageResources.recent_js),
            DashboardFile("rows.js", script, PackageResources.rows_js),
            DashboardFile("scroll-cue.js", script, PackageResources.scroll_cue_js),
            DashboardFile("sections.js", script, PackageResources.sections_js),
            DashboardFile("state.js", script, PackageResources.state_js),
            DashboardFile("stream.js", script, PackageResources.stream_js),
            DashboardFile("table-behind.js", script, PackageResources.table_behind_js),
            DashboardFile("theme.js", script, PackageResources.theme_js),
            DashboardFile("tints.js", script, PackageResources.tints_js),
            DashboardFile("token.js", script, PackageResources.token_js),
            DashboardFile("trial-answer.js", script, PackageResources.trial_answer_js),
            DashboardFile("trial.js", script, PackageResources.trial_js),
        ]
    }()

    func add(to routes: inout RouteSet) {
        routes.on(.dashboard) { request, responder in responder.send(Self.page.response(to: request)) }
        let files = Dictionary(uniqueKeysWithValues: Self.files.map { ($0.name, $0) })
        routes.on(.dashboardFile) { request, responder in
            guard let name = request.parameter(0), let file = files[name] else {
                return responder.send(Problem(.notFound, "the dashboard has no such file").response)
            }
            responder.send(file.response(to: request))
        }
    }
}
