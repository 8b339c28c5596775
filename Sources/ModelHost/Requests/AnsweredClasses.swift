internal import AnalyticLearning

/// The classes named in a remembered answer: a few by their labels, many by their permanent numbers, so that a million classes take no more
/// room than a few. The answer is repeated with the current labels; classes that are no longer known are left out.
enum AnsweredClasses: Sendable {
    case named([Label])
    /// Ranges of `ClassRegistry.identities`.
    case identified([Range<Int>])

    /// The most labels, and bytes of labels, that one answer keeps as they are.
    static let maximumLabels = 64
    static let maximumLabelBytes = 2048

    /// The classes of ascending columns.
    init(_ columns: some Collection<Int>, of registry: ClassRegistry) {
        if columns.count <= Self.maximumLabels, columns.reduce(0, { $0 + registry.labels[$1].byteCount }) <= Self.maximumLabelBytes {
            self = .named(columns.map { registry.labels[$0] })
            return
        }
        var ranges: [Range<Int>] = []
        for column in columns {
            let identity = registry.identities[column]
            if let last = ranges.last, last.upperBound == identity {
                ranges[ranges.count - 1] = last.lowerBound..<(identity + 1)
            } else {
                ranges.append(identity..<(identity + 1))
            }
        }
        self = .identified(ranges)
    }

    /// The labels to repeat now.
    func labels(_ registry: ClassRegistry) -> [Label] {
        switch self {
        case .named(let labels): labels
        case .identified(let ranges): ranges.flatMap { registry.labels[registry.columns(of: $0)] }
        }
    }

    /// Their size in the table.
    var bytes: Int {
        switch self {
        case .named(let labels): labels.reduce(0) { $0 + 16 + $1.byteCount }
        case .identified(let ranges): 16 * ranges.count
        }
    }
}
