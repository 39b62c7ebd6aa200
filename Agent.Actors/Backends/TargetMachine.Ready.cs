using System.Diagnostics.CodeAnalysis;

namespace Agent.Actors.Backends;

/// <content>
/// Who gets the next order. When a server returns, or an owner of zones starts, all zones are only looked at, by the hundred thousand;
/// a change that comes then, or is known to be owed, must not wait behind them. So looks at zones that may well be level have a queue of
/// their own, of which one is taken for every few changes: they wait, but not for ever.
/// </content>
public sealed partial class TargetMachine
{
    private sealed class ReadyLine
    {
        private const int ChangesPerLook = 4;

        private readonly Queue<Work> _changes = new();
        private readonly Queue<Work> _looks = new();
        private int _changesInTurn;

        /// <summary>A place once taken is kept, unless a look has become a change. What is left behind in the other queue then is passed
        /// over.</summary>
        public void Join(Work work)
        {
            Queue<Work> queue = work.Stage == Stage.Observing ? _looks : _changes;
            if (work.WaitsIn == queue || work.WaitsIn == _changes) return;
            work.WaitsIn = queue;
            queue.Enqueue(work);
        }

        public bool TryNext([NotNullWhen(true)] out Work? work)
        {
            bool isLooksTurn = _changesInTurn >= ChangesPerLook;
            if (isLooksTurn && TryTake(_looks, out work)) _changesInTurn = 0;
            else if (TryTake(_changes, out work)) _changesInTurn++;
            else return TryTake(_looks, out work);
            return true;
        }

        public void TrimExcess()
        {
            _changes.TrimExcess();
            _looks.TrimExcess();
        }

        private static bool TryTake(Queue<Work> queue, [NotNullWhen(true)] out Work? work)
        {
            while (queue.TryDequeue(out work))
            {
                if (work.WaitsIn != queue) continue;
                work.WaitsIn = null;
                if (!work.Done) return true;
            }

            return false;
        }
    }
}
