/// A symmetric rank update C ← C + α·AAᵀ that is yet to be done, by as many threads as there are, and with other work where there is some.
struct RankUpdate {
    /// The triangle of C that is held.
    let uplo: CChar
    /// The order of C.
    let order: Int
    /// A [D×depth], with leading dimension D.
    let a: UnsafePointer<Double>
    let depth: Int
    /// α.
    let factor: Double
    let target: UnsafeMutablePointer<Double>
    /// The leading dimension of C.
    let lead: Int
    /// What C's sums have lost to rounding, where that is kept; see `CompensatedKernel`.
    var rest: UnsafeMutablePointer<Double>?

    private var operations: Double { Double(order) * Double(order) * Double(depth) }

    /// The most shares that an update can be cut into.
    private var parts: Int { rest == nil ? order / 64 : CompensatedKernel.tiles(order: order) }

    func perform() {
        let shares = ComputeThreads.shares(of: parts, operations: operations)
        ComputeThreads.concurrently(shares, threads: shares) { perform(share: $0, of: shares) }
    }

    /// Does this update and another of about its size, which must touch nothing that this one does: where the number of threads is even,
    /// half of them take each, and none has to wait for the others between the two.
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

    /// Does this update and something less: on one thread while others begin the update; up to two threads (only one where it is compensated)
    /// do that first, and may then share it between them.
    ///
    /// - Parameter other: must touch nothing that the update does.
    func perform(beside other: () -> Void) {
        let shares = ComputeThreads.shares(of: parts, operations: operations)
        // Each piece packs its operands anew: two threads lose more by that than by waiting for each other at the end of `other`. Tiles of a
        // compensated update are the same in any case.
        guard shares > (rest == nil ? 2 : 1) else {
            other()
            return perform()
        }
        let pieces = pieces(threads: shares)
        ComputeThreads.concurrently(pieces.count + 1, threads: shares) { turn in
            if turn == 0 { ComputeThreads.alone(other) } else { pieces.perform(turn - 1) }
        }
    }

    /// Whether threads can do this update and two chains of so many operations with `perform(beside:and:)` without waiting for a chain's
    /// end; where there are many threads, or much to do in a chain, cutting it gains more.
    func leavesRoom(for first: Double, and second: Double) -> Bool {
        let shares = ComputeThreads.shares(of: parts, operations: operations)
        let own = rest == nil ? operations : operations * KernelCosts.compensatedCost
        return shares > 1 && max(first, second) * Double(shares) <= own + first + second
    }

    /// Does this update and two chains that one thread each does while others begin. What a chain calls is not cut for threads.
    ///
    /// - Parameters:
    ///   - first: must touch nothing that the update or `second` does.
    ///   - second: must touch nothing that the update or `first` does.
    func perform(beside first: () -> Void, and second: () -> Void) {
        let shares = ComputeThreads.shares(of: parts, operations: operations)
        guard shares > 1 else {
            first()
            second()
            return perform()
        }
        // Also on two threads: the chains' products are too thin to be cut for them.
        let pieces = pieces(threads: shares)
        ComputeThreads.concurrently(pieces.count + 2, threads: shares) { turn in
            switch turn {
            case 0: ComputeThreads.alone(first)
            case 1: ComputeThreads.alone(second)
            default: pieces.perform(turn - 2)
            }
        }
    }

    /// The pieces of this update where there is something else to do: single tiles where it goes by tiles anyway.
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
