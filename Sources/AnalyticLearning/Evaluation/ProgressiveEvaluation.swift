/// Test-then-train: what a model's plain weights said of each row before they learned it, counted.
///
/// Every row of a request is predicted by the weights after all earlier requests; a label never seen before counts as wrong, and rows
/// learned by an empty model are not counted at all. The counts cover the whole stream and, in a ring, its last rows.
///
/// It is a value: copying it shares its arrays. Each class's confusions are an array of their own, so that counting after a copy was made
/// duplicates those of the classes in the request and not the whole matrix.
public struct ProgressiveEvaluation: Sendable, Equatable {
    /// The rows of the sliding window where nothing else is said.
    public static let defaultWindow = 1000
    /// The largest sliding window.
    public static let largestWindow = 65_536
    /// The number of different confusions (true class, predicted class) that are told apart: all there can be of 256 classes. With more
    /// classes, confusions that first appear after so many others are counted as wrong only.
    public static let largestConfusionCount = 65_536

    /// The rows of one class.
    struct ClassCounts: Sendable, Equatable {
        var evaluated = 0
        var correct = 0
        /// Wrong predictions in ascending order of their column.
        var confusions: [Confusion] = []
    }

    /// A wrong prediction and how often it was made.
    struct Confusion: Sendable, Equatable {
        var predicted: Int32
        var count: Int
    }

    /// A row in the window. A class deleted since is −1 where it was the true one and −2 where it was predicted wrongly.
    struct Outcome: Sendable, Equatable {
        var actual: Int32
        var predicted: Int32
    }

    /// The most rows that the window holds.
    public let windowCapacity: Int
    /// The rows counted.
    public internal(set) var evaluatedSamples = 0
    /// Those that were predicted right.
    public internal(set) var correctSamples = 0
    var classes: [ClassCounts] = []
    var confusionCount = 0
    /// A ring once it is full; `oldest` is then where the next row goes.
    var window: [Outcome] = []
    var oldest = 0
    /// How the accuracies went over the stream.
    public internal(set) var history = EvaluationHistory()

    /// An evaluation of nothing.
    ///
    /// - Parameter window: the rows of the sliding window, 1 to `largestWindow`.
    public init(window: Int = defaultWindow) {
        precondition((1...Self.largestWindow).contains(window), "a window of a size that is not supported")
        windowCapacity = window
    }

    /// Counts the rows of one request.
    ///
    /// - Parameters:
    ///   - predictions: for each row the column that the weights before the request chose.
    ///   - columns: the true column of each row.
    ///   - knownClasses: how many classes were known before the request.
    /// - Complexity: O(log C) a row, and O(C) a request where the value has been copied since; O(window + C) where the history takes a
    ///   point, which of n rows about 256·log2(n) can.
    public mutating func record(predictions: ArraySlice<Int>, columns: ArraySlice<Int>, knownClasses: Int) {
        precondition(predictions.count == columns.count, "one prediction a row")
        // What cannot be counted in a number that can be saved is not counted any more.
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
        // Rare enough, by the doubling stride, that what the measures cost is nothing to the stream.
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

    /// Forgets a class: its own counts go, and predictions of it stay as wrong ones of no class. The sums over the whole stream are
    /// history, and stay.
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
