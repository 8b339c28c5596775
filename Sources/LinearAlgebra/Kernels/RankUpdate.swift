/// A symmetric rank update C ← C + α·AAᵀ, to be run on all threads, alone or together with other work.
struct RankUpdate {
    /// Stored triangle of C.
    let uplo: CChar
    /// Order of C.
    let order: Int
    /// A [D×depth], with leading dimension D.
    let a: UnsafePointer<Double>
    let depth: Int
    /// α.
    let factor: Double
    let target: UnsafeMutablePointer<Double>
    /// Leading dimension of C.
    let lead: Int
    /// What C's sums have lost to rounding, if that is kept; see `CompensatedKernel`.
    var rest: UnsafeMutablePointer<Double>?

    private var operations: Double { Double(order) * Double(order) * Double(depth) }

    /// Most shares that an update can be cut into.
    private var parts: Int { rest == nil ? order / 64 : CompensatedKernel.tiles(order: order) }

    func perform() {
        let shares = ComputeThreads.shares(of: parts, operations: operations)
        ComputeThreads.concurrently(shares, threads: shares) { perform(share: $0, of: shares) }
    }

    /// Runs this update and another of about its size, which must touch nothing of this one. If the number of threads is even, half of them
    /// run each, and no thread waits between the two.
    func perform(with other: RankUpdate) {
        let threads = ComputeThreads.shares(of: 2 * min(parts, other.parts), operations: operations + other.operations)
        guard threads > 1 else {
            perform()
            return other.perform()
        }
        let shares = threads.isMultiple(of: 2) ? threads / 2 : threads
        ComputeThreads.concurrently(2 * shares, threads: threads) { turn in
            if turn.isMultiple(of: 2) {
                perform(share: turn / 2, of: shares)
            } else {
                other.perform(share: turn / 2, of: shares)
            }
        }
    }

    /// What the update costs, and on how many threads.
    var cost: GramUpdateCost {
        let isCompensated = rest != nil
        return GramUpdateCost(
            threads: ComputeThreads.shares(of: parts, operations: operations),
            operations: isCompensated ? operations * KernelCosts.compensatedCost : operations, isCompensated: isCompensated)
    }

    /// Does this update, and chains that one thread each does while others begin. What a chain calls is not cut for threads.
    ///
    /// - Parameters:
    ///   - chains: how many; on one thread they come first, one after the other.
    ///   - chain: is given its number; must touch nothing that the update or another chain does.
    func perform(besideChains chains: Int, _ chain: (Int) -> Void) {
        let shares = cost.threads
        guard shares > 1 else {
            for index in 0..<chains { chain(index) }
            return perform()
        }
        let pieces = pieces(threads: shares)
        ComputeThreads.concurrently(pieces.count + chains, threads: shares) { turn in
            if turn < chains { ComputeThreads.alone { chain(turn) } } else { pieces.perform(turn - chains) }
        }
    }

    /// Pieces of this update for running beside other work: single tiles if it runs in tiles anyway.
    private func pieces(threads: Int) -> (count: Int, perform: (Int) -> Void) {
        let (parts, isTiled) = (parts, rest != nil)
        if isTiled { return (parts, { perform(share: $0, of: parts) }) }
        let guided = GuidedPieces(threads: threads, most: parts)
        return (
            guided.count,
            { SymmetricKernel.update(guided[$0], uplo: uplo, order: order, depth: depth, factor, a, target, ldc: lead) }
        )
    }

    private func perform(share: Int, of shares: Int) {
        if let rest {
            CompensatedKernel.update(share: share, of: shares, order: order, depth: depth, factor, a, target, ldc: lead, rest: rest)
        } else {
            let part = Double(share) / Double(shares)..<Double(share + 1) / Double(shares)
            SymmetricKernel.update(part, uplo: uplo, order: order, depth: depth, factor, a, target, ldc: lead)
        }
    }
}
