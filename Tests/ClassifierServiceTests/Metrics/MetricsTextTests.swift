import Concurrency
import HTTPServer
import Testing

@testable import ClassifierService

/// The text formats of Prometheus and OpenMetrics.
@Suite struct MetricsTextTests {
    private func text(_ format: MetricsText.Format = .prometheus, _ body: (inout MetricsText) -> Void) -> String {
        var text = MetricsText(format)
        body(&text)
        return String(decoding: text.finish(), as: UTF8.self)
    }

    @Test func familiesAreDeclaredOnceAndEmptyOnesNotAtAll() {
        let result = text { text in
            text.family("a_total", .counter, "Help \\ me\nnow \"please\".")
            text.sample([("model", "x")], 1)
            text.sample([("model", "y"), ("state", "z")], 2)
            text.family("b", .gauge, "Nothing.")
            text.sample(nil as Double?)
            text.family("c", .gauge, "One.")
            text.sample(true)
        }
        #expect(
            result == """
                # HELP a_total Help \\\\ me\\nnow "please".
                # TYPE a_total counter
                a_total{model="x"} 1
                a_total{model="y",state="z"} 2
                # HELP c One.
                # TYPE c gauge
                c 1

                """)
    }

    @Test func labelValuesAreEscaped() {
        let result = text { text in
            text.family("a", .gauge, "A.")
            text.sample([("model", "quote \" slash \\ line\nend é\t{}")], 1)
        }
        #expect(result.hasSuffix("a{model=\"quote \\\" slash \\\\ line\\nend é\t{}\"} 1\n"))
    }

    @Test(arguments: [
        (0.0, "0.0"), (-1.5, "-1.5"), (0.1, "0.1"), (1e-300, "1e-300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        (12_345_678_901, "12345678901.0"), (1.7e18, "1.7e+18"),
    ])
    func numbersAreShortAndExact(_ value: Double, _ expected: String) {
        let result = text { text in
            text.family("a", .gauge, "A.")
            text.sample(value)
        }
        #expect(result.hasSuffix("\na \(expected)\n"))
        if value.isFinite { #expect(Double(expected) == value) }
    }

    @Test func histogramsAccumulate() {
        var counts = DurationCounts()
        for nanoseconds: Int64 in [50_000, 60_000, 2_000_000, 20_000_000_000] { counts.add(nanoseconds: nanoseconds) }
        let lines = text { text in
            text.family("t_seconds", .histogram, "T.")
            text.histogram([("route", "/")], counts)
        }.split(separator: "\n").map(String.init)
        #expect(lines.count == 2 + 17 + 2)
        #expect(lines[2] == #"t_seconds_bucket{route="/",le="0.0001"} 2"#)
        #expect(lines[5] == #"t_seconds_bucket{route="/",le="0.001"} 2"#)
        #expect(lines[6] == #"t_seconds_bucket{route="/",le="0.0025"} 3"#)
        #expect(lines[17] == #"t_seconds_bucket{route="/",le="10.0"} 3"#)
        #expect(lines[18] == #"t_seconds_bucket{route="/",le="+Inf"} 4"#)
        #expect(lines[19] == #"t_seconds_sum{route="/"} 20.00211"#)
        #expect(lines[20] == #"t_seconds_count{route="/"} 4"#)
    }

    @Test func openMetricsNamesCounterFamiliesWithoutTheirSuffixAndEnds() {
        let result = text(.openMetrics) { text in
            text.family("a_total", .counter, "Say \"a\".")
            text.sample(UInt64.max)
        }
        #expect(result == "# HELP a Say \\\"a\\\".\n# TYPE a counter\na_total 18446744073709551615\n# EOF\n")
    }
}
