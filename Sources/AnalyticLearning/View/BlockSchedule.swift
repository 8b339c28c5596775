internal import LinearAlgebra

/// Which parts of a block's work run in parallel, and on which threads.
///
/// A block has an update of G, which all threads share, and two chains that are too thin to split well. For t threads:
///
/// | block | chains | if | schedule |
/// |---|---|---|---|
/// | of the recursion | sums and scores; factor | it is gathered, or there are sketches | in turn |
/// | | | t > 1, and neither chain is waited for | a pair beside G |
/// | | | else | in turn |
/// | only added, and scored | sums; scores | t ≤ 2, or t = 1 if G is compensated | in turn |
/// | | | else, there are sketches, or scores are less than half of the sums | scores beside G |
/// | | | else | both on one thread beside G |
///
/// Each piece of an update packs its operands; on two threads that costs more than waiting for each other at the end of a chain.
/// The tiles of a compensated update do not depend on the schedule.
///
/// On two threads a pair beside G saves 20 % of a block of 64 rows and 8 % of one of 256 at D = 1024, where G is compensated; 2 %
/// and 1 % at D = 2048. Sums and scores on one thread each before G saved nothing.
enum BlockSchedule: Equatable {
    /// The first chain, then the second, each on all threads. G is updated later.
    case inTurn
    /// The first chain on all threads; then the second on one, beside G on the others.
    case secondBesideGram
    /// The first chain and then the second on one thread, beside G on the others.
    case chainBesideGram
    /// Each chain on its own thread, beside G on the others; those threads join G when they are done.
    case pairBesideGram

    /// Whether `run` updates G.
    var includesGram: Bool { self != .inTurn }

    /// The schedule of a block that goes through the recursion.
    ///
    /// - Parameters:
    ///   - gram: the update of G.
    ///   - chains: the operations of sums and scores, and of the factor.
    ///   - isGathered: whether the rows wait beside the square.
    ///   - hasSketches: whether sums may be as much work as G, so that all threads share them.
    static func recursion(
        _ gram: GramUpdateCost, chains: (score: Double, factor: Double), isGathered: Bool, hasSketches: Bool
    ) -> BlockSchedule {
        guard !isGathered, !hasSketches, gram.threads > 1 else { return .inTurn }
        // With many threads or long chains, splitting the chains gains more.
        let all = gram.operations + chains.score + chains.factor
        return max(chains.score, chains.factor) * Double(gram.threads) <= all ? .pairBesideGram : .inTurn
    }

    /// The schedule of a block that is only added to the sums and scored.
    ///
    /// - Parameters:
    ///   - gram: the update of G.
    ///   - chains: the operations of sums, and of scores.
    ///   - hasSketches: as in `recursion`.
    static func accumulation(
        _ gram: GramUpdateCost, chains: (sums: Double, score: Double), hasSketches: Bool
    ) -> BlockSchedule {
        guard gram.threads > (gram.isCompensated ? 1 : 2) else { return .inTurn }
        // With few classes, scoring takes less than half as long as the sums: threads then share the sums.
        return hasSketches || 2 * chains.score <= chains.sums ? .secondBesideGram : .chainBesideGram
    }

    /// Runs both chains, and G ← G + HHᵀ if `includesGram`.
    ///
    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - first: must touch neither the square nor anything that `second` touches.
    ///   - second: must touch neither the square nor anything that `first` touches.
    func run(_ square: inout SymmetricPair, _ h: borrowing Matrix, _ first: () -> Void, _ second: () -> Void) {
        switch self {
        case .inTurn:
            first()
            second()
        case .secondBesideGram:
            first()
            square.addToGram(h, besideChains: 1) { _ in second() }
        case .chainBesideGram:
            square.addToGram(h, besideChains: 1) { _ in
                first()
                second()
            }
        case .pairBesideGram: square.addToGram(h, besideChains: 2) { chain in if chain == 0 { first() } else { second() } }
        }
    }
}
