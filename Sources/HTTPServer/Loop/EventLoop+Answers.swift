internal import Concurrency
import Synchronization

extension EventLoop {
    /// Content up to this size is copied after its head and sent with it; larger content is sent from where it is.
    private static let maximumCopy = 16 << 10

    // MARK: From responders

    /// Answers with octets from within a handler. Allocates nothing if no earlier answer is outstanding.
    func answer(
        _ connection: Connection, _ generation: UInt32, _ sequence: UInt32, _ status: Status, _ contentType: StaticString,
        _ field: NumberField?, _ body: UnsafeRawBufferPointer
    ) {
        noteInline(body.count)
        guard isCurrent(connection, generation, sequence), connection.state.answersAtOnce, body.count <= Self.maximumCopy else {
            return answer(connection, generation, sequence, Self.copy(status, contentType, field, body))
        }
        answered(connection)
        write(connection, connection.current, status, contentType, field, body)
    }

    /// Writes a small answer whose turn has come.
    private func write(
        _ connection: Connection, _ info: ExchangeInfo, _ status: Status, _ contentType: StaticString, _ field: NumberField?,
        _ body: UnsafeRawBufferPointer
    ) {
        writer.write(
            status, contentType: contentType, headers: [], number: field, allow: nil,
            length: status.excludesContent ? .unsaid : .known(body.count), persistence: persistence(connection, info), id: info.id,
            fields: info.fields, into: &connection.output)
        let hasContent = !info.isHead && !status.excludesContent
        if hasContent { connection.output.append(body) }
        observe(connection, info, status, bytes: hasContent ? body.count : 0)
    }

    private static func copy(
        _ status: Status, _ contentType: StaticString, _ field: NumberField?, _ body: UnsafeRawBufferPointer
    ) -> Response {
        let headers = field.map { [HeaderField($0.name, String($0.value))] } ?? []
        return Response(status, contentType: contentType, headers: headers, bytes: Array(body))
    }

    /// Answers from a responder; nil if it was dropped.
    func answer(_ connection: Connection, _ generation: UInt32, _ sequence: UInt32, _ response: Response?) {
        guard isCurrent(connection, generation, sequence) else {
            // The responder outlived its handler's call, so the answer goes through the mailbox.
            if !connection.address(generation).answer(sequence, response) { response?.discard() }
            return
        }
        if case .bytes(let bytes) = response?.body { noteInline(bytes.count) }
        enqueue(connection, connection.current, response ?? droppedResponse(connection.current), answered(connection))
    }

    /// The current request has its answer. If it comes before the request is complete, the rest is read or refused.
    @discardableResult
    func answered(_ connection: Connection) -> ConnectionState.Turn {
        let turn = connection.state.answered(restIsCheap: restIsCheap(connection))
        if turn == .abandonsBody { dropBody(connection) }
        return turn
    }

    /// The answer to a queued request that gets no other.
    func droppedResponse(_ connection: Connection, _ sequence: UInt32) -> Response {
        droppedResponse(connection.pending.first { $0.info.sequence == sequence }?.info ?? ExchangeInfo())
    }

    /// The answer to a request whose responder was dropped.
    private func droppedResponse(_ info: ExchangeInfo) -> Response {
        lateError(info, .internalServerError, "the request was dropped without an answer")
    }

    /// An error for a request whose head is gone. The pattern of its route selects the form of the error, as its path would.
    private func lateError(_ info: ExchangeInfo, _ status: Status, _ detail: String, retryAfter: Bool = false) -> Response {
        var pattern = shared.table.pattern(ofSlot: info.slot) ?? ""
        return pattern.withUTF8 { errorResponse(status, detail, path: UnsafeRawBufferPointer($0), retryAfter: retryAfter) }
    }

    /// Counts the memory of a large answer. If the total is reached, the answer to a request that changed nothing is replaced by an error.
    /// Any other is sent all the same: completed changes must be reported.
    private func count(_ info: ExchangeInfo, _ response: inout Response) -> AnswerMemory? {
        guard !info.isHead else { return nil }
        let amount: Int
        switch response.body {
        case .bytes(let bytes) where bytes.count > Self.maximumCopy: amount = bytes.count
        case .stream(let stream) where stream.memory > 0: amount = stream.memory
        case .empty, .bytes, .file, .unsent, .stream: return nil
        }
        if !info.isRefusable {
            shared.answerBudget.take(amount)
        } else if !shared.answerBudget.reserveOrBeAlone(amount) {
            let detail = "answers to other clients take all the memory reserved for answers; try again"
            response.discard()
            response = lateError(info, .serviceUnavailable, detail, retryAfter: true)
            return nil
        }
        return AnswerMemory(adopting: amount, of: shared.answerBudget)
    }

    /// Notes the size of an answer made on this loop; no such answer may grow with the application's state.
    func noteInline(_ count: Int) {
        if count > handle.largestInlineAnswer.load(ordering: .relaxed) { handle.largestInlineAnswer.store(count, ordering: .relaxed) }
    }

    /// The handler of this request is running and has not answered.
    private func isCurrent(_ connection: Connection, _ generation: UInt32, _ sequence: UInt32) -> Bool {
        isInHandler && connection.state.isUnanswered && connection.generation == generation && connection.current.sequence == sequence
    }

    /// Writes a queued request's answer if its turn has come, otherwise keeps it for later. The first allocates nothing if the answer is
    /// small.
    func deliver(
        _ connection: Connection, _ sequence: UInt32, _ status: Status, _ contentType: StaticString, _ field: NumberField?,
        _ body: UnsafeRawBufferPointer
    ) {
        noteInline(body.count)
        guard body.count <= Self.maximumCopy, let first = connection.pending.first, first.info.sequence == sequence else {
            return deliver(connection, sequence, Self.copy(status, contentType, field, body))
        }
        let turn = connection.state.nextAnswer(restIsCheap: restIsCheap(connection))
        if turn == .waits { return deliver(connection, sequence, Self.copy(status, contentType, field, body)) }
        connection.pending.removeFirst()
        if turn == .abandonsBody { dropBody(connection) }
        write(connection, first.info, status, contentType, field, body)
    }

    /// Queues a deferred answer in its place; nil if its responder was dropped.
    func deliver(_ connection: Connection, _ sequence: UInt32, _ response: Response?) {
        guard let index = connection.pending.firstIndex(where: { $0.info.sequence == sequence }),
            connection.pending[index].response == nil
        else { return response?.discard() ?? () }
        let info = connection.pending[index].info
        var response = response ?? droppedResponse(info)
        connection.pending[index].memory = count(info, &response)
        connection.pending[index].response = response
        writeReady(connection)
    }

    /// Writes an answer, or queues it after earlier ones.
    func enqueue(
        _ connection: Connection, _ info: ExchangeInfo, _ response: Response, allow: MethodSet? = nil, _ turn: ConnectionState.Turn
    ) {
        var response = response
        let memory = count(info, &response)
        switch turn {
        case .begins, .abandonsBody: write(connection, info, response, memory, allow)
        case .waits: connection.pending.append(PendingAnswer(info: info, response: response, memory: memory, allow: allow))
        }
    }

    /// Writes the answers whose turn has come.
    func writeReady(_ connection: Connection) {
        while let first = connection.pending.first, let response = first.response {
            let turn = connection.state.nextAnswer(restIsCheap: restIsCheap(connection))
            if turn == .waits { return }
            connection.pending.removeFirst()
            if turn == .abandonsBody { dropBody(connection) }
            write(connection, first.info, response, first.memory, first.allow)
        }
    }

    // MARK: Writing

    private func write(
        _ connection: Connection, _ info: ExchangeInfo, _ response: Response, _ memory: AnswerMemory?, _ allow: MethodSet?
    ) {
        var length = ResponseWriter.Length.unsaid
        if !response.status.excludesContent {
            if let count = response.body.count {
                length = .known(count)
            } else if info.isOldVersion {
                // The content ends with the connection, so nothing can follow it.
                connection.state.answerEndsConnection()
                dropPending(connection)
            } else {
                length = .chunked
            }
        }
        writer.write(
            response.status, contentType: response.status.excludesContent ? nil : response.contentType, headers: response.headers,
            allow: allow, length: length, persistence: persistence(connection, info), id: info.id, fields: info.fields,
            into: &connection.output)
        if info.isHead || response.status.excludesContent {
            response.discard()
        } else {
            writeContent(connection, info, response.body, memory)
        }
        observe(connection, info, response.status, bytes: info.isHead ? 0 : response.body.count ?? 0)
    }

    /// Drops the requests after the one being answered.
    private func dropPending(_ connection: Connection) {
        for answer in connection.pending {
            answer.response?.discard()
            observeDropped(answer)
        }
        connection.pending = []
    }

    private func writeContent(_ connection: Connection, _ info: ExchangeInfo, _ body: ResponseBody, _ memory: AnswerMemory?) {
        switch body {
        case .empty: break
        case .bytes(let bytes):
            if bytes.count <= Self.maximumCopy {
                bytes.withUnsafeBytes { connection.output.append($0) }
            } else {
                connection.beginTransfer(.bytes(bytes, sent: 0, memory))
            }
        case .file(let file):
            if file.length > 0 {
                file.attach(connection.address)
                connection.beginTransfer(.file(file, sent: 0))
            }
        // Its length has been announced: only a closed connection shows the client that the content is missing.
        case .unsent(let count): if count > 0 { connection.state.broke() }
        case .stream(let stream):
            stream.pipe.attach(connection.address)
            connection.beginTransfer(.stream(stream.pipe, isChunked: !info.isOldVersion && stream.length == nil, memory))
        }
    }

    private func persistence(_ connection: Connection, _ info: ExchangeInfo) -> ResponseWriter.Persistence {
        if connection.state.closesAfterAnswer { return .close }
        return info.isOldVersion ? .keepAlive : .unsaid
    }
}
