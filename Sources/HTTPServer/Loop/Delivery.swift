/// A response whose content is being sent.
struct Delivery {
    let info: ExchangeInfo
    let status: Status
    var bytes: Int
}
