namespace Agent.Host.Nodes;

/// <summary>The words by which a peer is refused; both sides log them, and they are counted by them.</summary>
internal static class LinkRefusal
{
    /// <summary>The greeting cannot be read.</summary>
    public const string Greeting = "greeting";

    /// <summary>There is no version of the protocol that both speak.</summary>
    public const string Version = "version";

    /// <summary>The peer belongs to another cluster.</summary>
    public const string Cluster = "cluster";

    /// <summary>The peer says another name than its certificate.</summary>
    public const string Certificate = "certificate";

    /// <summary>The peer has this node's own name.</summary>
    public const string SameName = "same-name";

    /// <summary>The peer looks for another run of this node.</summary>
    public const string Instance = "instance";

    /// <summary>The peer, or this run of it, is not a member as far as this node knows.</summary>
    public const string NotMember = "not-member";
}
