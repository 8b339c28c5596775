/// A row as it came, and after the feature map.
struct OracleRow: Sendable {
    let x: [Double]
    let h: [Double]
}
