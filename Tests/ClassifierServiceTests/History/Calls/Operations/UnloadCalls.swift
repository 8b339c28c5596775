/// `unload`, which is always refused.
enum UnloadCalls: ChangingOperation {
    static let operations = ["repository_unload"]
    static let weight = 0

    static func plan(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> PlannedCall? { nil }

    static func refused(_ world: OracleWorld, _ data: HistoryData, _ generator: inout SeededGenerator) -> [RefusedCall] {
        var calls = [RefusedCall("repository_unload", "", HistoryRequest("POST", "/v2/repository/models/none/unload"), 404)]
        for name in world.models.keys.sorted() {
            calls.append(RefusedCall("repository_unload", name, HistoryRequest("POST", "/v2/repository/models/\(name)/unload"), 400))
        }
        return calls
    }
}
