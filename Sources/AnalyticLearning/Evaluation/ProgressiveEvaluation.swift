/// Test-then-train: counts what a model would have predicted by default for each row before learning it: with its balanced weights, if it
/// has any, and its balance.
///
/// Every row of a request is predicted in the state that the requests before it left. A label not seen before counts as wrong; rows
/// learned by an empty model are not counted. The counts cover the whole stream and, in a ring, its last rows.
///
/// It is a value: copies share its arrays. Each class has its own array of confusions, so counting after a copy duplicates only
/// those of the classes in the request, not the whole matrix.
public struct ProgressiveEvaluation: Sendable, Equatable {
    /// The default size of the sliding window in rows.
    public static let defaultWindow = 1000
    /// The largest sliding window.
    public static let largestWindow = 65_536
    /// The number of different confusions (true class, predicted class) kept: enough for all confusions of 256 classes. With more
    /// classes, confusions that first appear beyond it only count as wrong.
    public static let largestConfusionCount = 65_536

    /// The rows of one class.
    struct ClassCounts: Sendable, Equatable {
        var evaluated = 0
        var correct = 0
        /// Wrong predictions in ascending order of column.
        var confusions: [Confusion] = []
    }

    /// A wrong prediction and how often it was made.
    struct Confusion: Sendable, Equatable {
        var predicted: Int32
        var count: Int
    }

    /// A row in the window. A class deleted since is −1 as the true class and −2 as a wrong prediction.
    struct Outcome: Sendable, Equatable {
        var actual: Int32
        var predicted: Int32
    }

    /// The capacity of the window in rows.
    public let windowCapacity: Int
    /// The rows counted.
    public internal(set) var evaluatedSamples = 0
    /// Rows predicted correctly.
    public internal(set) var correctSamples = 0
    var classes: [ClassCounts] = []
    var confusionCount = 0
    /// Becomes a ring when full; the next row then replaces the one at `oldest`.
    var window: [Outcome] = []
    var oldest = 0
    /// The accuracies over the stream.
    public internal(set) var history = EvaluationHistory()

    /// An empty evaluation.
    ///
    /// - Parameter window: the size of the sliding window in rows, 1 to `largestWindow`.
    public init(window: Int = defaultWindow) {
        precondition((1...Self.largestWindow).contains(window), "a window of a size that is not supported")
        windowCapacity = window
    }

    /// Counts the rows of one request.
    ///
    /// - Parameters:
    ///   - predictions: the column that the state before the request chose for each row.
    ///   - columns: the true column of each row.
    ///   - knownClasses: the number of classes known before the request.
    /// - Complexity: O(log C) per row, plus O(C) per request if the value was copied since; O(window + C) when the history takes a
    ///   point, which happens about 256·log2(n) times in n rows.
    public mutating func record(predictions: ArraySlice<Int>, columns: ArraySlice<Int>, knownClasses: Int) {
        precondition(predictions.count == columns.count, "one prediction a row")
        // Counting stops at the largest number that can be saved.
        guard knownClasses > 0, evaluatedSamples <= CountLimits.largest - columns.count else { return }
        for (predicted, actual) in zip(predictions, columns) {
            if actual >= classes.count {
                classes.append(contentsOf: repeatElement(ClassCounts(), count: actual + 1 - classes.count))
            }
            evaluatedSamples += 1
            classes[actual].evaluated += 1
            if predicted == actual {
                correctSamples += 1
                classes[actual].correct += 1
            } else {
                confuse(actual, predicted)
            }
            push(Outcome(actual: Int32(truncatingIfNeeded: actual), predicted: Int32(truncatingIfNeeded: predicted)))
        }
        // The stride doubles, so this is rare enough to cost nothing.
        if history.isDue(after: evaluatedSamples) { history.append(evaluated: evaluatedSamples, overall: overall, recent: recent) }
    }

    private mutating func confuse(_ actual: Int, _ predicted: Int) {
        let predicted = Int32(truncatingIfNeeded: predicted)
        var (low, high) = (0, classes[actual].confusions.count)
        while low < high {
            let middle = (low + high) / 2
            if classes[actual].confusions[middle].predicted < predicted { low = middle + 1 } else { high = middle }
        }
        if low < classes[actual].confusions.count, classes[actual].confusions[low].predicted == predicted {
            classes[actual].confusions[low].count += 1
        } else if confusionCount < Self.largestConfusionCount {
            classes[actual].confusions.insert(Confusion(predicted: predicted, count: 1), at: low)
            confusionCount += 1
        }
    }

    private mutating func push(_ outcome: Outcome) {
        if window.count < windowCapacity {
            window.append(outcome)
        } else {
            window[oldest] = outcome
            oldest = oldest + 1 == windowCapacity ? 0 : oldest + 1
        }
    }

    /// The same counts for a model in which each class has another column.
    ///
    /// - Parameter columns: by column so far.
    /// - Complexity: O(window + confusions·log C).
    func moved(to columns: [Int]) -> ProgressiveEvaluation {
        func moved(_ column: Int32) -> Int32 { column < 0 ? column : Int32(truncatingIfNeeded: columns[Int(column)]) }
        var result = self
        result.classes = [ClassCounts](repeating: ClassCounts(), count: (columns.prefix(classes.count).max() ?? -1) + 1)
        for (counts, column) in zip(classes, columns) {
            result.classes[column] = counts
            result.classes[column].confusions = counts.confusions.map { Confusion(predicted: moved($0.predicted), count: $0.count) }
                .sorted { $0.predicted < $1.predicted }
        }
        for index in window.indices {
            result.window[index] = Outcome(actual: moved(window[index].actual), predicted: moved(window[index].predicted))
        }
        return result
    }

    /// Forgets a class and its counts. Predictions of it remain wrong predictions of no class, and the sums over the whole stream
    /// keep its rows.
    ///
    /// - Complexity: O(window + confusions).
    mutating func removeClass(_ column: Int) {
        if column < classes.count { confusionCount -= classes.remove(at: column).confusions.count }
        let removed = Int32(truncatingIfNeeded: column)
        for index in classes.indices {
            let before = classes[index].confusions.count
            classes[index].confusions.removeAll { $0.predicted == removed }
            confusionCount -= before - classes[index].confusions.count
            for position in classes[index].confusions.indices where classes[index].confusions[position].predicted > removed {
                classes[index].confusions[position].predicted -= 1
            }
        }
        for index in window.indices {
            var outcome = window[index]
            let isCorrect = outcome.actual == outcome.predicted
            if outcome.predicted == removed {
                outcome.predicted = isCorrect ? -1 : -2
            } else if outcome.predicted > removed {
                outcome.predicted -= 1
            }
            if outcome.actual == removed {
                outcome.actual = -1
            } else if outcome.actual > removed {
                outcome.actual -= 1
            }
            window[index] = outcome
        }
    }
}
