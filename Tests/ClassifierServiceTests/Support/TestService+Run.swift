extension TestService {
    /// Runs a body against a service that lives as long as it does.
    static func run(_ body: (TestService) throws -> Void) throws {
        let service = try TestService()
        try withExtendedLifetime(service) { try body(service) }
    }
}
