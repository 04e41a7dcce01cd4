// What was asked for comes into sight, where it does not lie there already.
() => document.getElementById('live').scrollIntoView({behavior: 'smooth', block: 'nearest'})
