extension TestService {
    /// Runs a body with a service that lives as long as the call.
    static func run(_ body: (TestService) throws -> Void) throws {
        let service = try TestService()
        try withExtendedLifetime(service) { try body(service) }
    }
}
