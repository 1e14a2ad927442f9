"""Tags read out of pictures: by the owner's taggers, by a CLIP, and by what this project brings."""
