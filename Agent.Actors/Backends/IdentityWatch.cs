using Agent.Actors.Reasons;

namespace Agent.Actors.Backends;

/// <summary>
/// Watches that one server answers under a target's address, and that it is the one which the control channel reaches. When two do (a
/// daemon that was not stopped, an address used twice, anycast), what one of them serves says nothing of the other, and a proof is worth
/// nothing.
/// </summary>
/// <remarks>
/// A server that is exchanged, renamed or started anew changes once, and is no other one for that. By DNS two servers are seen in one round
/// of questions, or one comes back that was another's predecessor. What the control channel says is compared with what was heard by DNS,
/// and counts when it does not fit twice in a row: between a probe and a round the server may have been exchanged. Servers that call
/// themselves alike, run the same software and give no other sign cannot be told apart.
/// </remarks>
public sealed class IdentityWatch
{
    /// <summary>After so many rounds with one server only the other one is taken for gone, and a return for another change.</summary>
    private const int RoundsToTrust = 4;

    private readonly Suspicion _split = new(needed: 1);
    private readonly Suspicion _control = new(needed: 2);
    private readonly Suspicion _proof = new(needed: 2);
    private ServerName? _former;
    private string? _strayNsid;

    /// <summary>The server that answered last; null while none has told anything.</summary>
    public ServerName? Present { get; private set; }

    /// <summary>What the control channel said last; null while it has said nothing.</summary>
    public ControlledServer? Controlled { get; private set; }

    /// <summary>Why what is seen there proves nothing; null when one server answers.</summary>
    public Reason? Reason { get; private set; }

    /// <summary>Something does not fit, and the next round decides: it should come soon.</summary>
    public bool IsInDoubt => _control.IsOpen || _proof.IsOpen || _strayNsid is not null;

    /// <summary>Takes what was heard in one round; true when <see cref="Reason"/> has changed.</summary>
    public bool Heard(ServerNamed round)
    {
        ArgumentNullException.ThrowIfNull(round);
        List<ServerName> seen = Servers(round);
        if (seen.Count == 0) return false;
        ServerName first = seen[0];
        bool isChanged = first.IsOtherThan(Present);
        ServerName? other = seen.Count > 1 ? seen[1]
            : isChanged && _former is not null && !first.IsOtherThan(_former) ? Present
            : !isChanged && _strayNsid is { } stray && stray != first.Nsid ? first with { Nsid = stray }
            : null;
        if (other is null && isChanged) _split.Wait();
        else _split.Note(other is null ? null : Both(first, other));
        _control.Note(Controlled is null ? null : seen.Select(Controlled.DifferenceFrom).FirstOrDefault(d => d is not null));
        _strayNsid = null;
        if (isChanged) _former = Present;
        Present = isChanged ? first : first.With(Present);
        if (_split.IsCalm) _former = null;
        return Judge();
    }

    /// <summary>Takes the identifier in an answer about a zone; true when <see cref="Reason"/> has changed.</summary>
    public bool Heard(string nsid)
    {
        // Until a round has told all of the server its identifier alone says nothing. That it is another one now is no split before the
        // first comes back, here or in the next round.
        if (Present?.Nsid is not { } known) return false;
        if (known != nsid)
        {
            _strayNsid = nsid;
            return false;
        }

        if (_strayNsid is not { } stray) return false;
        _strayNsid = null;
        _split.Note(Both(Present, Present with { Nsid = stray }));
        return Judge();
    }

    /// <summary>Takes what the control channel said in a probe; true when <see cref="Reason"/> has changed.</summary>
    public bool Heard(ControlledServer controlled)
    {
        ArgumentNullException.ThrowIfNull(controlled);
        Controlled = controlled;
        _proof.Note(controlled.Contradiction);
        return Judge();
    }

    /// <summary>The control channel cannot be reached: what it said is not compared with what comes after.</summary>
    public void ControlIsAway() => Controlled = null;

    /// <summary>Those that answered, each with all that it told in this round.</summary>
    private static List<ServerName> Servers(ServerNamed round)
    {
        List<ServerName> seen = [];
        foreach (ServerName answer in round.Answers.Where(a => !a.IsSilent))
        {
            int at = seen.FindIndex(known => !known.IsOtherThan(answer));
            if (at < 0) seen.Add(answer);
            else seen[at] = seen[at].With(answer);
        }

        return seen;
    }

    private static string Both(ServerName one, ServerName other)
    {
        string[] both = [.. new[] { one.ToString(), other.ToString() }.Order(StringComparer.Ordinal)];
        return $"several servers answer under this address: {both[0]} and {both[1]}";
    }

    private bool Judge()
    {
        Reason? before = Reason;
        string? text = _split.Text ?? _proof.Text ?? _control.Text;
        Reason = text is null ? null : new Reason(ReasonCode.IdentitySplit, $"{text}; what one serves proves nothing of the other");
        return before != Reason;
    }

    /// <summary>One sign of a second server: stands when it was seen often enough in a row, until it has not been for long.</summary>
    private sealed class Suspicion(int needed)
    {
        private int _seen;
        private int _calm;

        public string? Text { get; private set; }

        public bool IsOpen => _seen > 0 && Text is null;

        public bool IsCalm => _calm >= RoundsToTrust;

        public void Note(string? sign)
        {
            if (sign is null)
            {
                _seen = 0;
                if (++_calm >= RoundsToTrust) Text = null;
                return;
            }

            _calm = 0;
            if (++_seen >= needed) Text = sign;
        }

        /// <summary>What was seen says neither.</summary>
        public void Wait() => (_seen, _calm) = (0, 0);
    }
}
