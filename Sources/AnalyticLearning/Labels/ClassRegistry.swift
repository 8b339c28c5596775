/// Which label stands in which column, in the order in which labels appeared.
public struct ClassRegistry: Sendable, Equatable {
    /// The labels in column order.
    public private(set) var labels: [Label]
    private var columns: [Label: Int]
    /// A number for each class that it keeps for as long as it is known, whatever its label and its column, and that no other class ever
    /// has. They ascend with the columns; those of classes that were made at once follow one another.
    public private(set) var identities: [Int]
    private var nextIdentity = 0
    /// What the labels take in memory beside the bytes that each class takes whatever it is called.
    public private(set) var labelBytes = 0

    /// A registry without labels.
    public init() {
        labels = []
        columns = [:]
        identities = []
    }

    /// A registry with labels in a given order.
    ///
    /// - Returns: nil where a label stands twice.
    public init?(labels: [Label]) {
        self.init()
        for label in labels where intern(label).isNew == false { return nil }
    }

    /// The number of labels.
    public var count: Int { labels.count }

    /// The column of a label, or nil.
    public func column(of label: Label) -> Int? { columns[label] }

    /// The column of a label, which is added at the end where it is new.
    public mutating func intern(_ label: Label) -> (column: Int, isNew: Bool) {
        if let column = columns[label] { return (column, false) }
        columns[label] = labels.count
        labels.append(label)
        identities.append(nextIdentity)
        nextIdentity += 1
        labelBytes += label.heapBytes
        return (labels.count - 1, true)
    }

    /// The columns of those classes that are still known of some identities.
    ///
    /// - Complexity: O(log C).
    public func columns(of range: Range<Int>) -> Range<Int> {
        let lower = place(of: range.lowerBound)
        return lower..<max(lower, place(of: range.upperBound))
    }

    /// The first column of an identity that is not less.
    private func place(of identity: Int) -> Int {
        var (low, high) = (0, identities.count)
        while low < high {
            let middle = (low + high) / 2
            if identities[middle] < identity { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Takes the identities of another registry of the same classes.
    mutating func takeIdentities(of other: ClassRegistry) {
        precondition(other.count == count, "other classes")
        identities = other.identities
        nextIdentity = other.nextIdentity
    }

    /// Whether the same labels stand in the same columns.
    public static func == (one: ClassRegistry, other: ClassRegistry) -> Bool { one.columns == other.columns }

    /// Forgets the labels from a column on.
    mutating func truncate(to count: Int) {
        while labels.count > count { forget(labels.removeLast()) }
        identities.removeLast(identities.count - labels.count)
    }

    /// Forgets a label; those behind it move one column to the left.
    ///
    /// - Complexity: O(C).
    mutating func remove(_ column: Int) {
        forget(labels.remove(at: column))
        identities.remove(at: column)
        for index in column..<labels.count { columns[labels[index]] = index }
    }

    /// Gives a column another label, which none has.
    mutating func rename(_ column: Int, to label: Label) {
        precondition(columns[label] == nil, "a label stands twice")
        forget(labels[column])
        columns[label] = column
        labels[column] = label
        labelBytes += label.heapBytes
    }

    private mutating func forget(_ label: Label) {
        columns[label] = nil
        labelBytes -= label.heapBytes
    }
}
