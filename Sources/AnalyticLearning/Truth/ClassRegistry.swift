/// Which label stands in which column, in the order in which labels appeared.
public struct ClassRegistry: Sendable, Equatable {
    /// The longest label, in bytes of UTF-8.
    public static let maximumLabelBytes = 1024

    /// The labels in column order.
    public private(set) var labels: [String]
    private var columns: [String: Int]

    /// A registry without labels.
    public init() {
        labels = []
        columns = [:]
    }

    /// A registry with labels in a given order.
    ///
    /// - Returns: nil where a label stands twice.
    public init?(labels: [String]) {
        self.init()
        for label in labels where intern(label).isNew == false { return nil }
    }

    /// The number of labels.
    public var count: Int { labels.count }

    /// The column of a label, or nil.
    public func column(of label: String) -> Int? { columns[label] }

    /// The column of a label, which is added at the end where it is new.
    public mutating func intern(_ label: String) -> (column: Int, isNew: Bool) {
        if let column = columns[label] { return (column, false) }
        columns[label] = labels.count
        labels.append(label)
        return (labels.count - 1, true)
    }

    /// Forgets the labels from a column on.
    mutating func truncate(to count: Int) {
        while labels.count > count { columns[labels.removeLast()] = nil }
    }
}
