extension EventLoop {
    /// Content up to this size is copied behind its head and sent with it; larger one is sent from where it is.
    private static let maximumCopy = 16 << 10

    // MARK: From responders

    /// Answers with octets from within a handler; without allocation where nothing is outstanding.
    func answer(
        _ connection: Connection, _ generation: UInt32, _ sequence: UInt32, _ status: Status, _ contentType: StaticString,
        _ field: NumberField?, _ body: UnsafeRawBufferPointer
    ) {
        guard isCurrent(connection, generation, sequence), canWrite(connection), body.count <= Self.maximumCopy else {
            let headers = field.map { [HeaderField($0.name, String($0.value))] } ?? []
            let response = Response(status, contentType: contentType, headers: headers, bytes: Array(body))
            return answer(connection, generation, sequence, response)
        }
        connection.isUnanswered = false
        let info = connection.current
        prepare(connection, info)
        writer.write(
            status, contentType: contentType, headers: [], number: field, allow: nil,
            length: status.excludesContent ? .unsaid : .known(body.count), persistence: persistence(connection, info), id: info.id,
            fields: info.fields, into: &connection.output)
        let hasContent = !info.isHead && !status.excludesContent
        if hasContent { connection.output.append(body) }
        observe(connection, info, status, bytes: hasContent ? body.count : 0)
        conclude(connection)
    }

    /// Answers from a responder.
    func answer(_ connection: Connection, _ generation: UInt32, _ sequence: UInt32, _ response: Response) {
        guard isCurrent(connection, generation, sequence) else {
            // The responder was kept beyond its handler's call: as from another thread.
            let key = ConnectionKey(slot: connection.slot, generation: generation)
            if !handle.mailbox.post(.answer(key, sequence, response)) { response.discard() }
            return
        }
        connection.isUnanswered = false
        enqueue(connection, connection.current, response)
    }

    private func isCurrent(_ connection: Connection, _ generation: UInt32, _ sequence: UInt32) -> Bool {
        isInHandler && connection.isUnanswered && connection.generation == generation && connection.current.sequence == sequence
    }

    private func canWrite(_ connection: Connection) -> Bool {
        connection.pending.isEmpty && connection.transfer.isNone
    }

    /// Puts an answer that came late into its place.
    func deliver(_ connection: Connection, _ sequence: UInt32, _ response: Response) {
        guard let index = connection.pending.firstIndex(where: { $0.info.sequence == sequence }),
            connection.pending[index].response == nil
        else { return response.discard() }
        connection.pending[index].response = response
        writeReady(connection)
    }

    /// Writes an answer, or queues it behind those that come first.
    func enqueue(_ connection: Connection, _ info: ExchangeInfo, _ response: Response, allow: MethodSet? = nil) {
        if canWrite(connection) {
            write(connection, info, response, allow)
        } else {
            connection.pending.append(PendingAnswer(info: info, response: response, allow: allow))
        }
    }

    /// Writes the answers whose turn has come.
    func writeReady(_ connection: Connection) {
        while connection.transfer.isNone, let first = connection.pending.first, let response = first.response {
            connection.pending.removeFirst()
            write(connection, first.info, response, first.allow)
        }
    }

    // MARK: Writing

    private func write(_ connection: Connection, _ info: ExchangeInfo, _ response: Response, _ allow: MethodSet?) {
        prepare(connection, info)
        var length = ResponseWriter.Length.unsaid
        if !response.status.excludesContent {
            if let count = response.body.count {
                length = .known(count)
            } else if info.isOldVersion {
                connection.isLastRequest = true
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
            writeContent(connection, info, response.body)
        }
        observe(connection, info, response.status, bytes: info.isHead ? 0 : response.body.count ?? 0)
        conclude(connection)
    }

    private func writeContent(_ connection: Connection, _ info: ExchangeInfo, _ body: ResponseBody) {
        switch body {
        case .empty: break
        case .bytes(let bytes):
            if bytes.count <= Self.maximumCopy {
                bytes.withUnsafeBytes { connection.output.append($0) }
            } else {
                connection.transfer = .bytes(bytes, sent: 0)
            }
        case .file(let file):
            if file.length > 0 { connection.transfer = .file(file, sent: 0) }
        case .stream(let stream):
            stream.pipe.attach(handle, connection.key)
            connection.transfer = .stream(stream.pipe, isChunked: !info.isOldVersion)
        }
    }

    /// An answer that comes before its request is whole decides what becomes of the rest.
    private func prepare(_ connection: Connection, _ info: ExchangeInfo) {
        guard connection.phase == .body, connection.reception.sequence == info.sequence, connection.reception.mode != .discard else {
            return
        }
        abandonBody(connection)
    }

    private func persistence(_ connection: Connection, _ info: ExchangeInfo) -> ResponseWriter.Persistence {
        if connection.isLastRequest, connection.pending.isEmpty { return .close }
        return info.isOldVersion ? .keepAlive : .unsaid
    }

    private func conclude(_ connection: Connection) {
        if connection.isLastRequest, connection.pending.isEmpty { connection.closesWhenFlushed = true }
    }
}
