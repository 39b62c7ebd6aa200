using Agent.Actors.Kernel;

namespace Agent.Actors.Backends;

/// <content>What is held of one zone in work.</content>
public sealed partial class TargetMachine
{
    private enum Stage
    {
        Observing = 0,
        Acting = 1,
        Verifying = 2,

        /// <summary>The serial is as wanted; the content is compared.</summary>
        Checking = 3,

        /// <summary>Taken away, to be given anew.</summary>
        TakingAway = 4,
    }

    /// <summary>One zone in work.</summary>
    private sealed class Work(WantZone wish, IActorRef reportTo)
    {
        private readonly bool _beganWithChange = wish is { Content: not null, ObserveFirst: false };

        public WantZone Wish { get; set; } = wish;

        public IActorRef ReportTo { get; set; } = reportTo;

        public Stage Stage { get; set; }

        public bool OrderUnderWay { get; set; }

        /// <summary>The wish changed while an order was under way.</summary>
        public bool Renewed { get; set; }

        /// <summary>Nothing is known to differ, and the whole content is given to the server all the same.</summary>
        public bool IsGivenAnew { get; set; }

        /// <summary>A change was ordered since the zone came into work.</summary>
        public bool HasOrdered { get; set; }

        /// <summary>The server took something that was ordered since the zone came into work, or may have.</summary>
        public bool HasTaken { get; set; }

        /// <summary>
        /// The server took nothing of a zone that is taken back: whatever it serves under the name somebody else gave it. Of a zone in work
        /// that began with a look that is not certain.
        /// </summary>
        public bool MayHaveOther => Wish is { Content: null, Undoes: true } && !HasTaken && _beganWithChange;

        /// <summary>A change was ordered that is not wanted any more, and none since that is.</summary>
        public bool MustAct { get; set; }

        /// <summary>Where it waits for its next order.</summary>
        public Line WaitsIn { get; set; }

        public bool Done { get; set; }

        /// <summary>Counts steps, so that a delay that belongs to an earlier one is recognized.</summary>
        public long Step { get; set; }

        /// <summary>Rounds of acting that did not lead to the wanted state.</summary>
        public int Attempts { get; set; }

        /// <summary>Looks since the last action.</summary>
        public int Looks { get; set; }

        public TimeSpan WantedAt { get; set; }

        /// <summary>When the server took the last order.</summary>
        public TimeSpan TakenAt { get; set; }

        public TimeSpan VerifyUntil { get; set; }

        /// <summary>When the last look found that it had not come to it; before the first, when it took it.</summary>
        public TimeSpan UnseenAt { get; set; }

        /// <summary>Since when it counts with what the server took and has not come to; null when it does not, or no more.</summary>
        public TimeSpan? WithServerSince { get; set; }

        /// <summary>The server took it while few zones were in work at the target.</summary>
        public bool IsOneOfFew { get; set; }

        /// <summary>It counts there, and the server should have come to it.</summary>
        public bool IsLate { get; set; }

        public uint? SeenSerial { get; set; }

        /// <summary>In what the server's settings of the zone differed at the last look.</summary>
        public string? OtherSettings { get; set; }

        /// <summary>Since when the server is known to owe a change; null while it is only looked at.</summary>
        public TimeSpan? OwesSince { get; set; }

        /// <summary>The server said no at the last order.</summary>
        public bool IsRefused { get; set; }

        /// <summary>What was tried last of what is to be tried in turn.</summary>
        public Rung Rung { get; set; }

        /// <summary>The zone was taken away once already since its wish came.</summary>
        public bool WasReAdded { get; set; }

        /// <summary>Comparisons, one after the other, that found other content.</summary>
        public int Mismatches { get; set; }
    }
}
