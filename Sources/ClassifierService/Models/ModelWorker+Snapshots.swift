internal import AnalyticLearning
internal import Concurrency
internal import HTTPServer
internal import LinearAlgebra
internal import Storage

extension ModelWorker {
    /// Writes a snapshot and answers with it; HEAD only computes the length.
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
            throw Problem(.insufficientStorage, "not enough memory to prepare the weights for a snapshot")
        }
    }

    /// Replaces the state by that of a file.
    func restore(_ file: SnapshotFile, _ status: Status) throws(Problem) -> Change {
        // Both states stand side by side until the new one has proved itself.
        let bytes = try file.requiredBytes(budget: context.budget)
        let (both, overflow) = reservation.bytes.addingReportingOverflow(bytes)
        guard !overflow, reservation.resize(to: both) else { throw .doesNotFit("the snapshot", bytes: bytes, budget: context.budget) }
        do { classifier = try file.restore(notBefore: classifier.version) } catch { throw SnapshotFile.problem(error) }
        // What was answered spoke of another state.
        idempotency.removeAll()
        return Change(try details(status))
    }
}
