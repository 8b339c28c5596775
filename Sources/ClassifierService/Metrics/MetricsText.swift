internal import Concurrency
internal import HTTPServer

/// Writes metrics in Prometheus's text format 0.0.4 or in OpenMetrics 1.0.
///
/// Each family begins once, and all its samples follow; a family without samples writes nothing.
struct MetricsText {
    /// The two formats, which differ in the declaration of counters, the spelling of some numbers, and an end mark.
    enum Format: Sendable {
        case prometheus, openMetrics

        /// The media type that clients ask for. It includes an older version of OpenMetrics, which is the same for everything
        /// written here, and any escaping of names, because no name needs one.
        var mediaType: MediaType {
            let (charset, escaping) = (MediaType.Parameter("charset", "utf-8"), MediaType.Parameter("escaping"))
            return switch self {
            case .prometheus: MediaType("text", "plain", .init("version", "0.0.4"), charset, escaping)
            case .openMetrics: MediaType("application", "openmetrics-text", .init("version", "1.0.0", "0.0.1"), charset, escaping)
            }
        }

        /// The media type in the response.
        var contentType: StaticString {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    /// The type of a family.
    enum Kind: String {
        case counter, gauge, histogram
    }

    /// A label and its value.
    typealias Label = (name: StaticString, value: String)

    private let format: Format
    private var bytes: [UInt8] = []
    private var name: StaticString = ""
    /// The declaration of the family, until its first sample is written.
    private var declaration: (kind: Kind, help: StaticString)?

    init(_ format: Format) {
        self.format = format
        bytes.reserveCapacity(32 << 10)
    }

    /// Begins a family.
    ///
    /// - Parameters:
    ///   - name: the samples' name; a counter's ends in `_total`.
    ///   - help: one sentence for people.
    mutating func family(_ name: StaticString, _ kind: Kind, _ help: StaticString) {
        self.name = name
        declaration = (kind, help)
    }

    /// Writes a sample of the family.
    mutating func sample(_ labels: [Label], _ value: Double) { write("", labels, Self.text(value)) }

    /// Writes a sample of the family; nothing if there is no value.
    mutating func sample(_ labels: [Label], _ value: Double?) {
        if let value { sample(labels, value) }
    }

    /// Writes a sample of the family.
    mutating func sample(_ labels: [Label], _ value: some BinaryInteger) { write("", labels, String(value)) }

    /// Writes a sample of the family: 1 for true, 0 for false.
    mutating func sample(_ labels: [Label], _ value: Bool) { sample(labels, value ? 1 : 0) }

    /// Writes the only sample of the family.
    mutating func sample(_ value: Double?) { sample([], value) }

    /// Writes the only sample of the family.
    mutating func sample(_ value: some BinaryInteger) { sample([], value) }

    /// Writes the only sample of the family.
    mutating func sample(_ value: Bool) { sample([], value) }

    /// Writes a histogram's buckets, sum and count.
    mutating func histogram(_ labels: [Label] = [], _ counts: DurationCounts) {
        var total: UInt64 = 0
        for (bucket, count) in counts.buckets.enumerated() {
            total += count
            let bound = bucket < DurationCounts.bounds.count ? Self.text(DurationCounts.bounds[bucket]) : "+Inf"
            write("_bucket", labels + [("le", bound)], String(total))
        }
        write("_sum", labels, Self.text(counts.seconds))
        write("_count", labels, String(total))
    }

    /// The whole text.
    consuming func finish() -> [UInt8] {
        if format == .openMetrics { append("# EOF\n") }
        return bytes
    }

    // MARK: Parts

    private mutating func write(_ suffix: StaticString, _ labels: [Label], _ value: String) {
        declare()
        append(name)
        append(suffix)
        for (index, label) in labels.enumerated() {
            append(index == 0 ? "{" : ",")
            append(label.name)
            append("=\"")
            appendEscaped(label.value.utf8, quotes: true)
            append("\"")
        }
        if !labels.isEmpty { append("}") }
        append(" ")
        bytes += value.utf8
        append("\n")
    }

    private mutating func declare() {
        guard let (kind, help) = declaration else { return }
        declaration = nil
        append("# HELP ")
        appendFamilyName(kind)
        append(" ")
        appendEscaped(UnsafeBufferPointer(start: help.utf8Start, count: help.utf8CodeUnitCount), quotes: format == .openMetrics)
        append("\n# TYPE ")
        appendFamilyName(kind)
        append(" ")
        bytes += kind.rawValue.utf8
        append("\n")
    }

    /// In OpenMetrics a counter's family name lacks the suffix of its samples.
    private mutating func appendFamilyName(_ kind: Kind) {
        var text = name.description[...]
        if format == .openMetrics, kind == .counter, text.hasSuffix("_total") { text = text.dropLast("_total".count) }
        bytes += text.utf8
    }

    private mutating func append(_ text: StaticString) {
        bytes += UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    private mutating func appendEscaped(_ text: some Sequence<UInt8>, quotes: Bool) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\"") where quotes: append("\\\"")
            default: bytes.append(byte)
            }
        }
    }

    /// The shortest decimal that reads back as the same number.
    private static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value.description
    }
}
