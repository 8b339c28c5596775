internal import Synchronization

/// The novelty of a published state: its measure is computed for the first prediction that asks, so learning does not pay for it.
final class PublishedNovelty: Sendable {
    private let moment: ResidualMoment
    private let intercepts: InterceptSums?
    /// Known before the measure: the weights have too few certain digits, or are being restored.
    private let gap: NoveltyGap?
    private let computed = AtomicLazyReference<Outcome>()

    private final class Outcome: Sendable {
        let result: Result<NoveltyMeasure, NoveltyGap>

        init(_ result: Result<NoveltyMeasure, NoveltyGap>) { self.result = result }
    }

    /// - Parameters:
    ///   - moment: of the state's plain weights.
    ///   - intercepts: of the same weights, if they have any.
    ///   - counts: the rows of each class of the state.
    ///   - isIllConditioned: whether the weights have too few certain digits.
    init(_ moment: ResidualMoment, _ intercepts: InterceptSums?, counts: [Int], isIllConditioned: Bool) {
        self.moment = moment
        self.intercepts = intercepts
        let most = ResidualMoment.mostClasses
        if counts.count > most {
            gap = .manyClasses(most: most)
        } else if counts.count(where: { $0 > 0 }) < 2 {
            gap = .fewClasses
        } else {
            gap = isIllConditioned ? .illConditioned : moment.isKnown ? nil : .notComputed
        }
    }

    /// The measure, or why there is none. Of threads that ask at once each may compute it; all get the same.
    ///
    /// - Complexity: C³ the first time.
    var result: Result<NoveltyMeasure, NoveltyGap> {
        if let outcome = computed.load() { return outcome.result }
        if let gap { return .failure(gap) }
        let result: Result<NoveltyMeasure, NoveltyGap>
        do throws(NoveltyGap) { result = .success(try NoveltyMeasure(moment, intercepts)) } catch { result = .failure(error) }
        return computed.storeIfNil(Outcome(result)).result
    }

    /// Whether there may be a measure.
    ///
    /// - Complexity: O(1).
    var mayExist: Bool {
        guard gap == nil else { return false }
        if case .failure = computed.load()?.result { return false }
        return true
    }

    /// The multiply-adds for the novelty of this many rows.
    ///
    /// - Returns: `Int.max` on overflow.
    func cost(rows: Int) -> Int {
        guard gap == nil else { return 0 }
        let classes = moment.classes
        let (all, overflow) = rows.multipliedReportingOverflow(by: classes * (classes + 8))
        let (total, overflowing) = all.addingReportingOverflow(computed.load() == nil ? classes * classes * classes : 0)
        return overflow || overflowing ? .max : total
    }
}
