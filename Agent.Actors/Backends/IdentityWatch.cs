using Agent.Actors.Reasons;

namespace Agent.Actors.Backends;

/// <summary>
/// Watches that one server answers under a target's address. When two do (a daemon that was not stopped, an address used twice, anycast),
/// what one of them serves says nothing of the other, and a proof is worth nothing.
/// </summary>
/// <remarks>
/// A server that is exchanged or renamed changes once. Two servers are seen in one round of questions, or one comes back that was
/// another's predecessor. Servers that call themselves alike and run the same software cannot be told apart.
/// </remarks>
public sealed class IdentityWatch
{
    /// <summary>After so many rounds with one server only the other one is taken for gone, and a return for another change.</summary>
    private const int RoundsToTrust = 4;

    private ServerName? _former;
    private int _roundsOfOne;

    /// <summary>The server that answered last; null while none has told anything.</summary>
    public ServerName? Present { get; private set; }

    /// <summary>Why what is seen there proves nothing; null when one server answers.</summary>
    public Reason? Reason { get; private set; }

    /// <summary>Takes what was heard in one round; true when <see cref="Reason"/> has changed.</summary>
    public bool Heard(ServerNamed round)
    {
        ArgumentNullException.ThrowIfNull(round);
        ServerName[] seen = [.. round.Answers.Where(a => a.Identity is not null || a.Version is not null).Distinct()];
        if (seen.Length == 0) return false;
        Reason? before = Reason;
        ServerName? other = seen.Length > 1 ? seen[1] : seen[0] == _former && seen[0] != Present ? Present : null;
        _roundsOfOne = other is null && (Present is null || seen[0] == Present) ? _roundsOfOne + 1 : 0;
        if (other is not null)
        {
            string[] both = [.. new[] { seen[0].ToString(), other.ToString() }.Order(StringComparer.Ordinal)];
            Reason = new Reason(
                ReasonCode.IdentitySplit,
                $"several servers answer under this address: {both[0]} and {both[1]}; what one serves proves nothing");
        }

        if (seen[0] != Present) _former = Present;
        Present = seen[0];
        if (_roundsOfOne >= RoundsToTrust) (Reason, _former) = (null, null);
        return before != Reason;
    }
}
