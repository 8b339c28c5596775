internal import AnalyticLearning
internal import Concurrency
internal import LinearAlgebra
internal import Storage

extension ModelWorker {
    /// Writes a snapshot to a temporary file.
    func snapshot(_ parts: SnapshotParts, _ completion: Completion<Spool>) {
        answer(completion) { () throws(ModelError) in
            try prepareToSave()
            return try SnapshotWriter(classifier).write(parts, context.spools)
        }
    }

    /// Computes a snapshot's length; HEAD needs only that.
    func snapshotSize(_ parts: SnapshotParts, _ completion: Completion<Int>) {
        answer(completion) { () throws(ModelError) in try SnapshotWriter(classifier).size(parts) }
    }

    private func answer<Value>(_ completion: Completion<Value>, _ body: () throws(ModelError) -> Value) {
        guard completion.isWanted else { return }
        do throws(ModelError) {
            completion.succeed(try body())
        } catch {
            if error.retryAfter == nil {
                context.log.error("a snapshot could not be written", ["model": model.name, "reason": error.detail])
            }
            completion.fail(error)
        }
    }

    /// Makes the weights restorable, and publishes them so that predictions use the same ones.
    private func prepareToSave() throws(ModelError) {
        do throws(LinearAlgebraError) {
            if try classifier.prepareToSave() { publish() }
        } catch {
            throw ModelError(.outOfSpace, "not enough memory to prepare the weights for a snapshot")
        }
    }

    /// Replaces the state by a file's.
    func restore(_ file: SnapshotFile) throws(ModelError) -> Change<ModelDetails> {
        // Both states are in memory until the new one has been verified.
        let bytes = try file.requiredBytes(budget: context.budget)
        let (both, overflow) = reservation.bytes.addingReportingOverflow(bytes)
        guard !overflow, reservation.resize(to: both) else { throw .doesNotFit("the snapshot", bytes: bytes, budget: context.budget) }
        do { classifier = try file.restore(notBefore: classifier.version) } catch { throw SnapshotFile.modelError(error) }
        // Earlier answers belong to another state.
        idempotency.removeAll()
        return Change(try details())
    }
}
