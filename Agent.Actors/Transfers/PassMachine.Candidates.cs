using System.Collections.Immutable;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Transfers;

/// <content>Which of the addresses that answered is asked for the zone, and in what order.</content>
public sealed partial class PassMachine
{
    private readonly List<Candidate> _candidates = [];
    private ImmutableArray<MasterRoute> _last = [];

    private void Choose(List<PassEffect> effects)
    {
        _asking = false;
        List<SoaAnswered> named = [.. Answers().Where(a => a.Outcome == SoaOutcome.Serial)];
        // Something older is a way out only when nobody has what is held, or anything newer.
        bool isHeldThere = !_order.Force && named.Exists(a => a.Serial == _order.HeldSerial);
        foreach (SoaAnswered answer in named.Where(a => isHeldThere ? IsForward(a.Serial) : IsWanted(a.Serial)).Order(
            new Newest(this)))
            Consider(new Candidate(answer.Address, answer.Serial));
        if (_order.HeldSerial is null || _order.Force)
        {
            foreach (MasterAddress address in Answers().Where(a => a.Outcome == SoaOutcome.CannotTell).Select(a => a.Address)
                .OrderBy(ComesLast))
                Consider(new Candidate(address, null));
        }

        if (_candidates.Count > 0)
        {
            Next(effects);
        }
        else if (_stopped is not null || _lastFailure is not null)
        {
            Next(effects);
        }
        else if (named.Count > 0)
        {
            EndWithoutNewer(named, effects);
        }
        else
        {
            End(new NothingBrought(_order.Pass, WhyNobody()), effects);
        }
    }

    /// <summary>An address that is left in peace is no candidate; if there is no other, its last failure is the reason.</summary>
    private void Consider(Candidate candidate)
    {
        if (candidate.Address == _failedAtHint) return;
        Reason? rest = RestOf(candidate.Address);
        if (rest is null) _candidates.Add(candidate);
        else _lastFailure = rest with { Text = $"{rest.Text} It did so for zone after zone and is left in peace for a while." };
    }

    private void Next(List<PassEffect> effects)
    {
        if (_candidates.Count == 0)
        {
            _current = null;
            End(_stopped ?? (PassResult)new NothingBrought(_order.Pass, _lastFailure ?? WhyNobody()), effects);
            return;
        }

        Candidate next = _candidates[0];
        _candidates.RemoveAt(0);
        _current = next.Address;
        effects.Add(new TakeLeave(_current.EndPoint)
        {
            Others = [.. _candidates.Where(c => IsAsGood(c, next)).Select(c => c.Address.EndPoint)],
        });
    }

    /// <summary>Whether it may be taken in the other's place.</summary>
    private bool IsAsGood(Candidate candidate, Candidate other) =>
        candidate.Serial is not null && candidate.Serial == other.Serial && ComesLast(candidate.Address) == ComesLast(other.Address);

    private Reason? RestOf(MasterAddress address) => _rests.FirstOrDefault(r => r.Route == address.Route).Reason;

    private bool ComesLast(MasterAddress address) => _last.Contains(address.Route);

    /// <summary>An address that may have the zone, and the serial that it named.</summary>
    private readonly record struct Candidate(MasterAddress Address, uint? Serial);

    /// <summary>Newest serial first; among equals those whose transfers failed lately come last, and else the notifier first, then the
    /// order of asking (the sort is stable).</summary>
    private sealed class Newest(PassMachine pass) : IComparer<SoaAnswered>
    {
        public int Compare(SoaAnswered? x, SoaAnswered? y) => SerialNumber.Compare(x!.Serial, y!.Serial) switch
        {
            SerialOrder.Newer => -1,
            SerialOrder.Older => 1,
            _ => Rank(x).CompareTo(Rank(y)),
        };

        private int Rank(SoaAnswered answer) =>
            (pass.ComesLast(answer.Address) ? 2 : 0) + (answer.Address.EndPoint.Address.Equals(pass._order.Notifier) ? 0 : 1);
    }
}
