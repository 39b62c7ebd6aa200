using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>How CREATE, DELETE or NOTIFY ended, in the words of the wire.</summary>
/// <param name="ResponseCode">The response code.</param>
/// <param name="Authoritative">AA, which a pool manager needs to see on success.</param>
/// <param name="Reason">The extended error (RFC 8914), told to clients that use EDNS.</param>
/// <param name="Text">Its text.</param>
public readonly record struct ControlAnswer(
    ResponseCode ResponseCode,
    bool Authoritative = false,
    ExtendedErrorCode? Reason = null,
    string? Text = null)
{
    /// <summary>Done, or accepted and durable.</summary>
    public static ControlAnswer Done { get; } = new(ResponseCode.NoError, Authoritative: true);

    /// <summary>Not done.</summary>
    public static ControlAnswer Failed(ExtendedErrorCode reason, string? text = null) => new(ResponseCode.ServFail, false, reason, text);

    /// <summary>Not allowed, or the zone is not known.</summary>
    public static ControlAnswer Refused(ExtendedErrorCode reason, string? text = null) => new(ResponseCode.Refused, false, reason, text);
}
