namespace Agent.Host.Etcd;

/// <summary>How much of an answer's header is compared with what was seen before.</summary>
internal enum EtcdCheck
{
    /// <summary>The cluster only: a member may tell of itself while it lags.</summary>
    Cluster,

    /// <summary>Cluster and term: the start of a watch says which revision it begins with, so a lag loses nothing.</summary>
    Term,

    /// <summary>Cluster, term and revision.</summary>
    Revision,
}

/// <summary>One request as it goes out.</summary>
/// <param name="Operation">Its name among the metrics.</param>
/// <param name="HasEffect">It changes something, so that its outcome can be open.</param>
/// <param name="IsAuthenticated">It carries the token, where there is one.</param>
internal sealed record EtcdCall(
    string Operation,
    string Path,
    byte[] Body,
    bool HasEffect,
    EtcdCheck Check = EtcdCheck.Revision,
    bool IsAuthenticated = true);
