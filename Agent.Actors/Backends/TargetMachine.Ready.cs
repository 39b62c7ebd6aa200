using System.Diagnostics.CodeAnalysis;
using Agent.Actors.Kernel;

namespace Agent.Actors.Backends;

/// <content>
/// Who gets the next order. When a server returns, or an owner of zones starts, all zones are only looked at, by the hundred thousand;
/// a change that comes then, or is known to be owed, must not wait behind them. So looks at zones that may well be level have a queue of
/// their own, of which one is taken for every few changes: they wait, but not for ever.
/// <para>Changes and the looks that prove them come in the order of their coming. But while more changes wait than the driver takes at
/// once, every other one is the newest, so that a zone beside a crowd does not wait for all of it (decision 59).</para>
/// </content>
public sealed partial class TargetMachine
{
    /// <summary>Where a zone waits; a place is given up for one in a greater line only.</summary>
    private enum Line
    {
        None = 0,

        /// <summary>Looks at zones that may well be level.</summary>
        Looks = 1,

        /// <summary>Looks that prove a change.</summary>
        Proofs = 2,

        Changes = 3,
    }

    /// <param name="atOnce">Orders that the driver takes at once; more changes than these are a crowd.</param>
    private sealed class ReadyLine(int atOnce)
    {
        private const int ChangesPerLook = 4;

        private readonly TwoEndedLine<(Work Work, long Arrival)> _changes = new();
        private readonly Queue<(Work Work, long Arrival)> _proofs = new();
        private readonly Queue<Work> _looks = new();
        private long _arrivals;
        private int _changesInTurn;

        /// <summary>A place once taken is kept, unless a look has become a change. What is left behind in the other line then is passed
        /// over.</summary>
        public void Join(Work work)
        {
            Line line = work.Stage switch
            {
                Stage.Observing => Line.Looks,
                Stage.Verifying => Line.Proofs,
                _ => Line.Changes,
            };
            if (work.WaitsIn >= line) return;
            work.WaitsIn = line;
            if (line == Line.Looks) _looks.Enqueue(work);
            else if (line == Line.Proofs) _proofs.Enqueue((work, _arrivals++));
            else _changes.Join((work, _arrivals++));
        }

        /// <summary>Takes who is next.</summary>
        /// <param name="mayChange">Whether that may be a change; otherwise they are passed by.</param>
        /// <param name="work">Who it is.</param>
        public bool TryNext(bool mayChange, [NotNullWhen(true)] out Work? work)
        {
            bool isLooksTurn = _changesInTurn >= ChangesPerLook;
            if (isLooksTurn && TryTakeLook(out work)) _changesInTurn = 0;
            else if (TryTakeChange(mayChange, out work)) _changesInTurn++;
            else if (!TryTakeLook(out work)) return false;
            work.WaitsIn = Line.None;
            return true;
        }

        public void TrimExcess()
        {
            _changes.TrimExcess();
            _proofs.TrimExcess();
            _looks.TrimExcess();
        }

        /// <summary>Takes a change, or the proof of one that came before all changes that wait.</summary>
        private bool TryTakeChange(bool mayChange, [NotNullWhen(true)] out Work? work)
        {
            (Work Work, long Arrival) proof;
            while (_proofs.TryPeek(out proof) && !Waits(proof.Work, Line.Proofs)) _proofs.Dequeue();
            while (_changes.Count > 0 && !Waits(_changes[0].Work, Line.Changes)) _changes.TryTakeOldest(out _);
            if (_proofs.Count > 0 && (!mayChange || _changes.Count == 0 || proof.Arrival < _changes[0].Arrival))
            {
                work = _proofs.Dequeue().Work;
                return true;
            }

            while (mayChange && (_changes.Count > atOnce ? _changes.TryTake(out var next) : _changes.TryTakeOldest(out next)))
            {
                work = next.Work;
                if (Waits(work, Line.Changes)) return true;
            }

            work = null;
            return false;
        }

        private bool TryTakeLook([NotNullWhen(true)] out Work? work)
        {
            while (_looks.TryDequeue(out work))
            {
                if (Waits(work, Line.Looks)) return true;
            }

            return false;
        }

        private static bool Waits(Work work, Line line) => work.WaitsIn == line && !work.Done;
    }
}
