internal import AnalyticLearning
internal import HTTPServer
internal import LinearAlgebra
internal import Storage

extension ModelWorker {
    /// Writes a snapshot and answers with it; what is asked for its length alone is not written.
    func snapshot(_ parts: SnapshotParts, lengthAlone: Bool, _ responder: DeferredResponder) {
        guard responder.isConnected else { return }
        do throws(Problem) {
            let body: ResponseBody
            if lengthAlone {
                body = .unsent(try SnapshotWriter(classifier).size(parts))
            } else {
                try prepareToSave()
                body = .file(try SnapshotWriter(classifier).write(parts, context))
            }
            let name = HeaderField("Content-Disposition", "attachment; filename=\"\(model.name).safetensors\"")
            responder.send(Response(.ok, contentType: SnapshotFile.mediaType, headers: [name], body: body))
        } catch {
            if error.retryAfter == nil {
                context.log.error("a snapshot could not be written", ["model": model.name, "reason": error.detail])
            }
            responder.send(error.response)
        }
    }

    /// Makes the weights such that what is saved can be restored, and predictions use the same ones.
    private func prepareToSave() throws(Problem) {
        do throws(LinearAlgebraError) {
            if try classifier.prepareToSave() { publish() }
        } catch {
            throw Problem(.insufficientStorage, "the machine gave no memory to make the weights fit to be saved")
        }
    }

    /// Replaces the state by that of a file.
    func restore(_ file: SnapshotFile, _ status: Status) throws(Problem) -> Response {
        // Both states stand side by side until the new one has proved itself.
        let bytes = try file.requiredBytes(budget: context.budget)
        guard context.budget.reserve(bytes) else { throw .doesNotFit("the snapshot", bytes: bytes, budget: context.budget) }
        do {
            classifier = try file.restore(notBefore: classifier.version)
        } catch {
            context.budget.release(bytes)
            throw SnapshotFile.problem(error)
        }
        context.budget.release(reserved)
        reserved = bytes
        // What was answered spoke of another state.
        idempotency.removeAll()
        return try describe(status)
    }
}
