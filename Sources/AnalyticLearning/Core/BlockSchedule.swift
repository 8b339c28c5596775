internal import LinearAlgebra

/// Which of a block's work runs beside what, and on which threads.
///
/// A block has an update of G, which all threads share, and two chains that are too thin to be cut well. For t threads:
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
/// Each piece of an update packs its operands, and two threads lose more by that than by waiting for each other at the end of a chain.
/// Tiles of a compensated update are the same in any case.
///
/// On two threads a pair beside G saves 20 % of a block of 64 rows and 8 % of one of 256 at D = 1024, where G is compensated; 2 % and 1 % at
/// D = 2048. Sums and scores on a thread each before G saved nothing.
enum BlockSchedule: Equatable {
    /// The first chain, then the second, each on all threads. G takes the rows later.
    case inTurn
    /// The first chain on all threads; then the second on one, beside G on the others.
    case secondBesideGram
    /// The first chain and then the second on one thread, beside G on the others.
    case chainBesideGram
    /// Both chains on a thread each, beside G on the others; G takes theirs when they are done.
    case pairBesideGram

    /// Whether G takes the rows in `run`.
    var includesGram: Bool { self != .inTurn }

    /// The schedule of a block that goes through the recursion.
    ///
    /// - Parameters:
    ///   - gram: the update of G.
    ///   - chains: the operations of sums and scores, and of the factor.
    ///   - isGathered: whether the rows wait beside the square.
    ///   - hasSketches: whether sums may be as much work as G is, which all threads share.
    static func recursion(
        _ gram: GramUpdateCost, chains: (score: Double, factor: Double), isGathered: Bool, hasSketches: Bool
    ) -> BlockSchedule {
        guard !isGathered, !hasSketches, gram.threads > 1 else { return .inTurn }
        // With many threads, or much to do in a chain, cutting the chain gains more.
        let all = gram.operations + chains.score + chains.factor
        return max(chains.score, chains.factor) * Double(gram.threads) <= all ? .pairBesideGram : .inTurn
    }

    /// The schedule of a block that is only added to the sums, and scored.
    ///
    /// - Parameters:
    ///   - gram: the update of G.
    ///   - chains: the operations of sums, and of scores.
    ///   - hasSketches: as of `recursion`.
    static func accumulation(
        _ gram: GramUpdateCost, chains: (sums: Double, score: Double), hasSketches: Bool
    ) -> BlockSchedule {
        guard gram.threads > (gram.isCompensated ? 1 : 2) else { return .inTurn }
        // Of few classes scoring is less than half of the sums: threads share those then.
        return hasSketches || 2 * chains.score <= chains.sums ? .secondBesideGram : .chainBesideGram
    }

    /// Runs both chains, and G ← G + HHᵀ if `includesGram`.
    ///
    /// - Parameters:
    ///   - h: Hᵀ [D×n].
    ///   - first: must touch nothing that `second` does, nor the square.
    ///   - second: must touch nothing that `first` does, nor the square.
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
