extension ProgressiveEvaluation {
    /// Counts of correct predictions, overall and per class.
    public struct Measures: Sendable, Equatable {
        /// The rows counted.
        public internal(set) var evaluated = 0
        /// Rows predicted correctly.
        public internal(set) var correct = 0
        /// The rows counted of each class, in column order.
        public internal(set) var classEvaluated: [Int] = []
        /// Rows of each class predicted correctly.
        public internal(set) var classCorrect: [Int] = []

        /// The share of rows predicted correctly; nil if no rows were counted.
        public var accuracy: Double? { evaluated > 0 ? Double(correct) / Double(evaluated) : nil }

        /// The share of a class's rows predicted correctly; nil if no rows were counted.
        public func accuracy(of column: Int) -> Double? {
            guard classEvaluated.indices.contains(column), classEvaluated[column] > 0 else { return nil }
            return Double(classCorrect[column]) / Double(classEvaluated[column])
        }

        /// The mean accuracy of the classes that have rows; nil if none has.
        public var balancedAccuracy: Double? {
            var (sum, count) = (0.0, 0)
            for (evaluated, correct) in zip(classEvaluated, classCorrect) where evaluated > 0 {
                sum += Double(correct) / Double(evaluated)
                count += 1
            }
            return count > 0 ? sum / Double(count) : nil
        }
    }

    /// Over the whole stream.
    ///
    /// - Complexity: O(C).
    public var overall: Measures {
        Measures(
            evaluated: evaluatedSamples, correct: correctSamples, classEvaluated: classes.map(\.evaluated),
            classCorrect: classes.map(\.correct))
    }

    /// Over the last rows, at most `windowCapacity` of them.
    ///
    /// - Complexity: O(window + C).
    public var recent: Measures {
        let zeros = [Int](repeating: 0, count: classes.count)
        var result = Measures(classEvaluated: zeros, classCorrect: zeros)
        for outcome in window {
            let isCorrect = outcome.actual == outcome.predicted
            result.evaluated += 1
            result.correct += isCorrect ? 1 : 0
            guard outcome.actual >= 0 else { continue }
            result.classEvaluated[Int(outcome.actual)] += 1
            result.classCorrect[Int(outcome.actual)] += isCorrect ? 1 : 0
        }
        return result
    }

    /// How often rows of one class were predicted as another or the same class.
    ///
    /// - Complexity: O(log C).
    public func confusion(actual: Int, predicted: Int) -> Int {
        guard classes.indices.contains(actual) else { return 0 }
        if actual == predicted { return classes[actual].correct }
        let confusions = classes[actual].confusions
        var (low, high) = (0, confusions.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(confusions[middle].predicted) < predicted { low = middle + 1 } else { high = middle }
        }
        return low < confusions.count && Int(confusions[low].predicted) == predicted ? confusions[low].count : 0
    }

    /// The confusion matrix, row by row: the true class, each column predicted for its rows, and how often. Includes the diagonal;
    /// omits columns that were never predicted.
    ///
    /// - Complexity: O(C + confusions).
    public func forEachConfusion<E: Error>(_ body: (_ actual: Int, _ predicted: Int, _ count: Int) throws(E) -> Void) throws(E) {
        for (actual, counts) in classes.enumerated() {
            var isDiagonalDue = counts.correct > 0
            for confusion in counts.confusions {
                if isDiagonalDue, Int(confusion.predicted) > actual {
                    try body(actual, actual, counts.correct)
                    isDiagonalDue = false
                }
                try body(actual, Int(confusion.predicted), confusion.count)
            }
            if isDiagonalDue { try body(actual, actual, counts.correct) }
        }
    }

    /// Wrong predictions of a class that the confusion matrix omits: those of classes deleted since, and those beyond
    /// `largestConfusionCount`.
    public func unnamedConfusions(of column: Int) -> Int {
        guard classes.indices.contains(column) else { return 0 }
        let counts = classes[column]
        return counts.evaluated - counts.correct - counts.confusions.reduce(0) { $0 + $1.count }
    }
}
