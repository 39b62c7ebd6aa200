using Agent.Actors.Reasons;

namespace Agent.Host.Etcd;

/// <summary>What is known about a request that was not answered as wished.</summary>
internal enum EtcdOutcome
{
    /// <summary>It never left: it can go to the next endpoint.</summary>
    NotSent,

    /// <summary>It was refused before it changed anything.</summary>
    Refused,

    /// <summary>It may have happened, or may still happen.</summary>
    Open,
}

/// <summary>A request failed. Inside the adapter only; the port sees its reason.</summary>
/// <param name="code">The code of etcd's error; <see cref="EtcdError.None"/> when it did not answer with one.</param>
/// <param name="blamesEndpoint">Another endpoint may do better.</param>
internal sealed class EtcdException(Reason reason, EtcdOutcome outcome, int code, bool blamesEndpoint) : Exception(reason.Text)
{
    public Reason Reason { get; } = reason;

    public EtcdOutcome Outcome { get; } = outcome;

    public int Code { get; } = code;

    public bool BlamesEndpoint { get; } = blamesEndpoint;

    public static EtcdException Away(string text, EtcdOutcome outcome) =>
        new(new Reason(ReasonCode.StoreAway, text), outcome, EtcdError.None, blamesEndpoint: true);
}
