namespace Agent.Actors.Kernel.Simulation;

/// <summary>Chooses who runs next among those that can.</summary>
internal abstract class SimStrategy
{
    internal abstract int Choose(List<OneWordMailbox> candidates);

    internal static SimStrategy Create(SimStrategyKind kind, KernelRandom random) => kind switch
    {
        SimStrategyKind.Fifo => new Fifo(),
        SimStrategyKind.Pct => new Pct(random),
        SimStrategyKind.StarveOne => new StarveOne(random),
        SimStrategyKind.Burst => new Burst(random),
        _ => new Uniform(random),
    };

    private sealed class Fifo : SimStrategy
    {
        internal override int Choose(List<OneWordMailbox> candidates) => 0;
    }

    private sealed class Uniform(KernelRandom random) : SimStrategy
    {
        internal override int Choose(List<OneWordMailbox> candidates) => random.Next(candidates.Count);
    }

    private sealed class Burst(KernelRandom random) : SimStrategy
    {
        private const int LengthMax = 32;

        private OneWordMailbox? _current;
        private int _left;

        internal override int Choose(List<OneWordMailbox> candidates)
        {
            int index = _current is not null && _left-- > 0 ? candidates.IndexOf(_current) : -1;
            if (index >= 0) return index;
            index = random.Next(candidates.Count);
            _current = candidates[index];
            _left = random.Next(LengthMax);
            return index;
        }
    }

    private sealed class StarveOne(KernelRandom random) : SimStrategy
    {
        private const int StarvedStepsMax = 500;

        private OneWordMailbox? _victim;
        private int _left;

        internal override int Choose(List<OneWordMailbox> candidates)
        {
            if (_left-- <= 0)
            {
                _victim = candidates[random.Next(candidates.Count)];
                _left = random.Next(1, StarvedStepsMax);
            }
            int index = random.Next(candidates.Count);
            if (candidates[index] == _victim && candidates.Count > 1) index = (index + 1) % candidates.Count;
            return index;
        }
    }

    private sealed class Pct : SimStrategy
    {
        private const int ChangePointCount = 3;
        private const int HorizonSteps = 2000;

        private readonly KernelRandom _random;
        private readonly Dictionary<OneWordMailbox, ulong> _priorities = [];
        private readonly HashSet<int> _changePoints = [];
        private int _step;

        internal Pct(KernelRandom random)
        {
            _random = random;
            for (int i = 0; i < ChangePointCount; i++) _changePoints.Add(random.Next(HorizonSteps));
        }

        internal override int Choose(List<OneWordMailbox> candidates)
        {
            int best = 0;
            ulong bestPriority = 0;
            for (int i = 0; i < candidates.Count; i++)
            {
                ulong priority = PriorityOf(candidates[i]);
                if (priority < bestPriority) continue;
                best = i;
                bestPriority = priority;
            }
            // From a change point on, the one that was first is the last. Later horizons get their own points.
            if (_changePoints.Contains(_step++ % HorizonSteps))
                _priorities[candidates[best]] = (ulong)(HorizonSteps - (_step % HorizonSteps));
            return best;
        }

        private ulong PriorityOf(OneWordMailbox mailbox)
        {
            if (!_priorities.TryGetValue(mailbox, out ulong priority))
                _priorities.Add(mailbox, priority = _random.NextUInt64() | (1UL << 32));
            return priority;
        }
    }
}
