internal import AnalyticLearning

/// The classes that an answer to be remembered names: by their labels where those are few, and else by the numbers that they keep, so that
/// an answer takes no more room for a million classes than for a few. A label is then told again as it is now, and a class that is known no
/// more is not named.
enum AnsweredClasses: Sendable {
    case named([Label])
    /// Ranges of `ClassRegistry.identities`.
    case identified([Range<Int>])

    /// Labels that are kept as they are, and the bytes of one answer's that are.
    static let maximumLabels = 64
    static let maximumLabelBytes = 2048

    /// The classes of some columns, ascending.
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

    /// The labels, as they are told now.
    func labels(_ registry: ClassRegistry) -> [Label] {
        switch self {
        case .named(let labels): labels
        case .identified(let ranges): ranges.flatMap { registry.labels[registry.columns(of: $0)] }
        }
    }

    /// What they take in the table.
    var bytes: Int {
        switch self {
        case .named(let labels): labels.reduce(0) { $0 + 16 + $1.byteCount }
        case .identified(let ranges): 16 * ranges.count
        }
    }
}
