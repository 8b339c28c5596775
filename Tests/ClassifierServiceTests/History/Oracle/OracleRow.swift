/// A row before and after the feature map.
struct OracleRow: Sendable {
    let x: [Double]
    let h: [Double]
}
