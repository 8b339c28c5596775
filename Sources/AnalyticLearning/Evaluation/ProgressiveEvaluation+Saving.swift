extension ProgressiveEvaluation {
    /// All counts of an evaluation, in flat arrays, as saved in a checkpoint.
    public struct Counters: Sendable, Equatable {
        /// The capacity of the window in rows.
        public var windowCapacity: Int
        /// The rows counted.
        public var evaluatedSamples: Int
        /// Rows predicted correctly.
        public var correctSamples: Int
        /// The rows counted of each class, in column order.
        public var classEvaluated: [Int]
        /// Rows of each class predicted correctly.
        public var classCorrect: [Int]
        /// Wrong predictions as (true column, predicted column, count), one after another, in ascending order.
        public var confusions: [Int]
        /// The window's rows as (true column, predicted column), oldest first; −1 and −2 stand for deleted classes.
        public var window: [Int]
        /// The history's points as (rows, accuracy, balanced accuracy, both again for the window); shares in billionths.
        public var history: [Int]

        /// Counters from their parts.
        public init(
            windowCapacity: Int, evaluatedSamples: Int, correctSamples: Int, classEvaluated: [Int], classCorrect: [Int], confusions: [Int],
            window: [Int], history: [Int] = []
        ) {
            self.windowCapacity = windowCapacity
            self.evaluatedSamples = evaluatedSamples
            self.correctSamples = correctSamples
            self.classEvaluated = classEvaluated
            self.classCorrect = classCorrect
            self.confusions = confusions
            self.window = window
            self.history = history
        }
    }

    /// All counts.
    public var counters: Counters {
        var confusions: [Int] = []
        for (actual, counts) in classes.enumerated() {
            for confusion in counts.confusions { confusions += [actual, Int(confusion.predicted), confusion.count] }
        }
        let ordered = window[oldest...] + window[..<oldest]
        return Counters(
            windowCapacity: windowCapacity, evaluatedSamples: evaluatedSamples, correctSamples: correctSamples,
            classEvaluated: classes.map(\.evaluated), classCorrect: classes.map(\.correct), confusions: confusions,
            window: ordered.flatMap { [Int($0.actual), Int($0.predicted)] }, history: history.saved)
    }

    /// Continues an evaluation from its counters.
    ///
    /// - Throws: `RestoreError` if they contradict each other.
    public init(_ counters: Counters) throws(RestoreError) {
        func check(_ condition: Bool, _ part: String, _ index: Int = 0) throws(RestoreError) {
            if !condition { throw .value(part: "evaluation." + part, index: index) }
        }
        try check((1...Self.largestWindow).contains(counters.windowCapacity), "window_capacity")
        let count = counters.classEvaluated.count
        guard counters.classCorrect.count == count else {
            throw .size(part: "evaluation.class_correct", count: counters.classCorrect.count, expected: count)
        }
        try check(count <= Int(Int32.max), "class_evaluated")
        try check((0...CountLimits.largest).contains(counters.evaluatedSamples), "evaluated_samples")
        try check(counters.correctSamples >= 0 && counters.correctSamples <= counters.evaluatedSamples, "correct_samples")
        self.init(window: counters.windowCapacity)
        evaluatedSamples = counters.evaluatedSamples
        correctSamples = counters.correctSamples
        var (left, leftCorrect) = (evaluatedSamples, correctSamples)
        for (index, (evaluated, correct)) in zip(counters.classEvaluated, counters.classCorrect).enumerated() {
            try check(evaluated >= 0 && evaluated <= left, "class_evaluated", index)
            try check(correct >= 0 && correct <= evaluated && correct <= leftCorrect, "class_correct", index)
            left -= evaluated
            leftCorrect -= correct
            classes.append(ClassCounts(evaluated: evaluated, correct: correct))
        }
        try check(counters.confusions.count % 3 == 0, "confusions", counters.confusions.count)
        try check(counters.confusions.count / 3 <= Self.largestConfusionCount, "confusions", counters.confusions.count)
        // A prediction names only columns that exist, at most the last class learned, even if that class was not counted.
        var wrong = classes.map { $0.evaluated - $0.correct }
        for start in stride(from: 0, to: counters.confusions.count, by: 3) {
            let (actual, predicted, times) = (counters.confusions[start], counters.confusions[start + 1], counters.confusions[start + 2])
            try check((0..<count).contains(actual), "confusions", start)
            let last = classes[actual].confusions.last.map { Int($0.predicted) } ?? -1
            try check(predicted > last && predicted != actual && predicted <= Int(Int32.max), "confusions", start + 1)
            try check(times > 0 && times <= wrong[actual], "confusions", start + 2)
            wrong[actual] -= times
            classes[actual].confusions.append(Confusion(predicted: Int32(predicted), count: times))
            confusionCount += 1
        }
        try check(counters.window.count % 2 == 0 && counters.window.count / 2 <= windowCapacity, "window", counters.window.count)
        for start in stride(from: 0, to: counters.window.count, by: 2) {
            let (actual, predicted) = (counters.window[start], counters.window[start + 1])
            try check(actual >= -1 && actual < count, "window", start)
            try check(predicted >= -2 && predicted <= Int(Int32.max), "window", start + 1)
            window.append(Outcome(actual: Int32(actual), predicted: Int32(predicted)))
        }
        history = try EvaluationHistory(saved: counters.history, evaluated: evaluatedSamples)
    }

    /// Whether all counts belong to columns below `count`.
    func fits(classes count: Int) -> Bool {
        classes.count <= count && classes.allSatisfy { $0.confusions.allSatisfy { $0.predicted < count } }
            && window.allSatisfy { $0.predicted < count }
    }
}
