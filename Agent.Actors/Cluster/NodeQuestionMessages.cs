using System.Collections.Immutable;
using Agent.Actors.Kernel;

namespace Agent.Actors.Cluster;

/// <summary>
/// Has another node asked what it alone knows, or told to do what it alone can; answered by <see cref="NodeAnswer"/> in any case. What is
/// asked must bear being done twice.
/// </summary>
/// <param name="Node">Which node.</param>
/// <param name="Method">As in HTTP: GET asks, and is repeated when nothing is heard; POST does something.</param>
/// <param name="Target">What is asked for: a path with its query.</param>
public sealed record AskNode(string Node, string Method, string Target);

/// <summary>The question on its way, and at the node that is asked.</summary>
/// <param name="Request">Comes back in the answer.</param>
/// <param name="Method">As in <see cref="AskNode"/>.</param>
/// <param name="Target">As in <see cref="AskNode"/>.</param>
public sealed record NodeQuestion(long Request, string Method, string Target);

/// <summary>What a node answered, or why it did not.</summary>
/// <param name="Request">Number of the question.</param>
/// <param name="Status">As in HTTP.</param>
/// <param name="Body">JSON, in UTF-8; empty when nobody has answered.</param>
public sealed record NodeAnswer(long Request, int Status, ImmutableArray<byte> Body)
{
    /// <summary>The node asked has too much to do, or does not take questions.</summary>
    public const int Busy = 503;

    /// <summary>Nothing was heard of the node in time.</summary>
    public const int Silent = 504;

    /// <summary>The answer is larger than what is sent between nodes.</summary>
    public const int TooLarge = 507;

    /// <inheritdoc/>
    public bool Equals(NodeAnswer? other) => other is not null
        && (Request, Status) == (other.Request, other.Status) && Body.AsSpan().SequenceEqual(other.Body.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Request, Status, Body.Length);
}

/// <summary>Port: answers for this node what other nodes ask. Always by one <see cref="NodeAnswer"/> with the question's number.</summary>
public interface INodeDesk
{
    /// <summary>Answers, sooner or later.</summary>
    void Answer(NodeQuestion question, ReplyTo replyTo);
}
