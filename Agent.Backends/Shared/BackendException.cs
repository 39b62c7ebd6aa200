using Agent.Actors.Backends;
using Agent.Actors.Reasons;

namespace Agent.Backends.Shared;

/// <summary>How a driver ends an order that it cannot carry out; <see cref="AsyncZoneBackend"/> turns it into the order's
/// answer.</summary>
public sealed class BackendException : Exception
{
    private BackendException(OrderOutcome outcome, Reason reason, Exception? inner, bool changedNothing = false)
        : base(reason.ToString(), inner)
    {
        Outcome = outcome;
        Reason = reason;
        ChangedNothing = changedNothing;
    }

    /// <summary>Refused or away.</summary>
    public OrderOutcome Outcome { get; }

    /// <summary>Why, for an operator.</summary>
    public Reason Reason { get; }

    /// <summary>Nothing was changed at the server before.</summary>
    public bool ChangedNothing { get; }

    /// <summary>The server cannot be reached, or something that passes by itself stands in the way.</summary>
    public static BackendException Away(string text, Exception? inner = null) =>
        new(OrderOutcome.Away, new Reason(ReasonCode.TargetAway, text), inner);

    /// <summary>The server said no; it may have changed something before.</summary>
    public static BackendException Refused(string text) =>
        new(OrderOutcome.Refused, new Reason(ReasonCode.TargetRefused, text), inner: null);

    /// <summary>The server has something under the zone's name that is not to be touched.</summary>
    public static BackendException Untouched(string text) =>
        new(OrderOutcome.Refused, new Reason(ReasonCode.TargetRefused, text), inner: null, changedNothing: true);

    /// <summary>The zone is beyond what the server can hold.</summary>
    /// <param name="text">Which record, of which type, and the limit.</param>
    /// <param name="changedNothing">It was found before anything of the zone was given to the server.</param>
    public static BackendException CannotHold(string text, bool changedNothing = true) =>
        new(OrderOutcome.Refused, new Reason(ReasonCode.TargetCannotHold, text), inner: null, changedNothing);

    /// <summary>This driver cannot express the zone's name.</summary>
    public static BackendException NameNotAcceptable(string text) =>
        new(OrderOutcome.Refused, new Reason(ReasonCode.NameNotAcceptable, text), inner: null, changedNothing: true);
}
